from typing import Any

import pytest

from rescind_local.deploy.parameters import parameter_values
from rescind_local.errors import StartError

DECLARED: dict[str, dict[str, Any]] = {
    "Seconds": {"Type": "Number", "Default": 900, "MinValue": 60, "MaxValue": 3600},
    "Name": {"Type": "String", "Default": "x", "MinLength": 1, "MaxLength": 3, "AllowedPattern": "[a-z]+"},
    "Size": {"Type": "String", "Default": "small", "AllowedValues": ["small", "large"]},
    "Names": {"Type": "CommaDelimitedList", "Default": ""},
}


def test_a_parameter_has_its_default_unless_it_is_given() -> None:
    values = parameter_values(DECLARED, ["Seconds=60", "Names=a,b"])

    assert values == {"Seconds": "60", "Name": "x", "Size": "small", "Names": "a,b"}


def test_a_value_may_hold_an_equals_sign() -> None:
    assert parameter_values(DECLARED, ["Names=a=b"])["Names"] == "a=b"


@pytest.mark.parametrize(
    ("override", "fault"),
    [
        ("Seconds=59", "parameter Seconds: '59' is below the minimum of 60"),
        ("Seconds=3601", "parameter Seconds: '3601' is above the maximum of 3600"),
        ("Seconds=soon", "parameter Seconds: 'soon' is not a number"),
        ("Seconds=1e3", "parameter Seconds: '1e3' is not a number"),
        ("Seconds=inf", "parameter Seconds: 'inf' is not a number"),
        ("Seconds=", "parameter Seconds: '' is not a number"),
        ("Name=", "parameter Name: '' is shorter than 1 characters"),
        ("Name=four", "parameter Name: 'four' is longer than 3 characters"),
        ("Name=A", "parameter Name: 'A' does not match [a-z]+"),
        ("Size=medium", "parameter Size: 'medium' is not one of small, large"),
        ("Second=60", "parameter Second: the template has no such parameter"),
        (
            "Seconds",
            "parameter Seconds: write it as Name=value, the value in quotes if it has a space",
        ),
    ],
)
def test_a_bad_value_is_refused_by_name(override: str, fault: str) -> None:
    with pytest.raises(StartError) as raised:
        parameter_values(DECLARED, [override])

    assert str(raised.value) == fault


def test_a_parameter_without_a_default_must_be_given() -> None:
    with pytest.raises(StartError, match="parameter Key: it has no default and needs a value"):
        parameter_values({"Key": {"Type": "String"}}, [])


def test_a_default_is_held_to_the_bounds_too() -> None:
    with pytest.raises(StartError, match="parameter Low: '0' is below the minimum of 1"):
        parameter_values({"Low": {"Type": "Number", "Default": 0, "MinValue": 1}}, [])
