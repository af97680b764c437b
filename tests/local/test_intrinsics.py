"""What AWS would call the REST API is the gateway's own address, wherever a value names it."""

from typing import Any

import pytest

from rescind_local.deploy.intrinsics import addressed, chosen, without_aliases
from rescind_local.errors import StartError

URL = "http://127.0.0.1:3000"
HOST = "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}"


@pytest.mark.parametrize(
    ("value", "here"),
    [
        pytest.param({"Fn::Sub": f"{HOST}/prod"}, URL, id="the address"),
        pytest.param({"Fn::Sub": f"{HOST}/${{Stage}}/things"}, f"{URL}/things", id="one below it"),
        pytest.param(
            {"Fn::Sub": "https://${Api}.execute-api.eu-west-1.amazonaws.com/prod"}, URL, id="in one region"
        ),
        pytest.param(
            {"Fn::Sub": f"{HOST}/prod?of=${{Table}}"},
            {"Fn::Sub": f"{URL}?of=${{Table}}"},
            id="with more to fill in",
        ),
        pytest.param({"A": [{"Fn::Sub": f"{HOST}/prod"}]}, {"A": [URL]}, id="deep inside"),
    ],
)
def test_an_address_of_the_api_is_the_gateways(value: Any, here: Any) -> None:
    assert addressed(value, "Api", URL) == here


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::Sub": "https://${Other}.execute-api.${AWS::Region}.amazonaws.com/prod"},
        {"Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"},
        {"Ref": "Api"},
        "https://${Api}.execute-api.eu-west-1.amazonaws.com/prod",
        3,
    ],
    ids=str,
)
def test_what_is_no_address_of_it_stays(value: Any) -> None:
    assert addressed(value, "Api", URL) == value


@pytest.mark.parametrize(
    ("value", "here"),
    [
        pytest.param({"Ref": "AAliaslive"}, {"Fn::GetAtt": ["A", "Arn"]}, id="its ARN"),
        pytest.param({"Ref": "A"}, {"Ref": "A"}, id="the function itself"),
        pytest.param(
            {"Fn::Sub": "path/${AAliaslive}/${AWS::Region}/${Api}"},
            {"Fn::Sub": "path/${A.Arn}/${AWS::Region}/${Api}"},
            id="in a text",
        ),
        pytest.param(
            {"Fn::Sub": ["${To}", {"To": [{"Ref": "AAliaslive"}, 3]}]},
            {"Fn::Sub": ["${To}", {"To": [{"Fn::GetAtt": ["A", "Arn"]}, 3]}]},
            id="deep inside",
        ),
    ],
)
def test_an_alias_leads_to_its_function(value: Any, here: Any) -> None:
    assert without_aliases(value, {"AAliaslive": "A"}) == here


CONDITIONS = {
    "IsFeed": {"Fn::Equals": [{"Ref": "Check"}, "feed"]},
    "IsStrict": {"Fn::Not": [{"Condition": "IsFeed"}]},
    "IsElsewhere": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]},
}


@pytest.mark.parametrize(("check", "seconds"), [("feed", 0), ("strict", "30")])
def test_a_condition_on_parameters_chooses(check: str, seconds: object) -> None:
    values = {"Check": check, "Delay": "30"}

    for condition, parts in [("IsFeed", [0, {"Ref": "Delay"}]), ("IsStrict", [{"Ref": "Delay"}, 0])]:
        document = {"ttl": [{"Fn::If": [condition, *parts]}], "of": {"Ref": "Function"}}
        assert chosen(document, CONDITIONS, values) == {"ttl": [seconds], "of": {"Ref": "Function"}}


def test_a_condition_on_anything_else_stops_the_start() -> None:
    with pytest.raises(StartError, match="does not decide"):
        chosen({"Fn::If": ["IsElsewhere", 1, 2]}, CONDITIONS, {})
