"""Checks parameter values against the template's bounds, as CloudFormation does before it starts."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rescind_local.errors import StartError


def parameter_values(declared: Mapping[str, Mapping[str, Any]], overrides: Sequence[str]) -> dict[str, str]:
    """The value of every declared parameter: its default, or what an override `Name=value` says."""
    given = dict(_named(override) for override in overrides)
    for name in given:
        if name not in declared:
            raise StartError(f"parameter {name}: the template has no such parameter")

    values = {}
    for name, declaration in declared.items():
        value = given.get(name, declaration.get("Default"))
        if value is None:
            raise StartError(f"parameter {name}: it has no default and needs a value")
        values[name] = str(value)
        fault = _fault(values[name], declaration)
        if fault and "ConstraintDescription" in declaration:
            fault = f"does not do: {declaration['ConstraintDescription']}"
        if fault:
            raise StartError(f"parameter {name}: {values[name]!r} {fault}")
    return values


def _named(override: str) -> tuple[str, str]:
    name, equals, value = override.partition("=")
    if not equals:
        raise StartError(
            f"parameter {override}: write it as Name=value, the value in quotes if it has a space"
        )
    return name, value


def _fault(value: str, declaration: Mapping[str, Any]) -> str:
    """What is wrong with the value; empty when nothing is."""
    allowed = [str(choice) for choice in declaration.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"is not one of {', '.join(allowed)}"
    if declaration["Type"] == "Number":
        return _number_fault(value, declaration)
    if declaration["Type"] == "String":
        return _string_fault(value, declaration)
    return ""


def _number_fault(value: str, declaration: Mapping[str, Any]) -> str:
    # Not what float() takes: "1e3", "inf" and " 5" are no numbers to CloudFormation's readers.
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        return "is not a number"
    number = float(value)
    if "MinValue" in declaration and number < float(declaration["MinValue"]):
        return f"is below the minimum of {declaration['MinValue']}"
    if "MaxValue" in declaration and number > float(declaration["MaxValue"]):
        return f"is above the maximum of {declaration['MaxValue']}"
    return ""


def _string_fault(value: str, declaration: Mapping[str, Any]) -> str:
    if "MinLength" in declaration and len(value) < int(declaration["MinLength"]):
        return f"is shorter than {declaration['MinLength']} characters"
    if "MaxLength" in declaration and len(value) > int(declaration["MaxLength"]):
        return f"is longer than {declaration['MaxLength']} characters"
    pattern = declaration.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, value):
        return f"does not match {pattern}"
    return ""
