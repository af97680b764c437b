"""Finds CloudFormation's intrinsic functions in a value, and puts answers in their place."""

import json
import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

from rescind_local.errors import StartError


def intrinsics(value: Any) -> Iterator[dict[str, Any]]:
    """Every intrinsic function in the value, the outermost of nested ones."""
    if _is_intrinsic(value):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from intrinsics(part)
    elif isinstance(value, list):
        for part in value:
            yield from intrinsics(part)


def filled(value: Any, answers: Mapping[str, str]) -> Any:
    """The value with each intrinsic function replaced by its answer; `answers` go by `key(intrinsic)`."""
    if _is_intrinsic(value):
        return answers[key(value)]
    if isinstance(value, Mapping):
        return {name: filled(part, answers) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part, answers) for part in value]
    return value


def addressed(value: Any, api: str, url: str) -> Any:
    """The value with `url` wherever a text names the address that AWS would give the REST API `api`."""
    if isinstance(value, Mapping):
        if value.keys() == {"Fn::Sub"} and isinstance(value["Fn::Sub"], str):
            text = _address_of(api).sub(lambda _: url, value["Fn::Sub"])
            return {"Fn::Sub": text} if "${" in text else text
        return {name: addressed(part, api, url) for name, part in value.items()}
    if isinstance(value, list):
        return [addressed(part, api, url) for part in value]
    return value


def chosen(value: Any, conditions: Mapping[str, Any], values: Mapping[str, str]) -> Any:
    """The value with what each `Fn::If` in it comes to, where the values of parameters decide."""
    match value:
        case {"Fn::If": [str(name), then, otherwise]}:
            holds = _operand(conditions[name], conditions, values)
            return chosen(then if holds else otherwise, conditions, values)
        case {"Ref": str(name)} if name in values:
            return values[name]
        case Mapping():
            return {name: chosen(part, conditions, values) for name, part in value.items()}
        case list():
            return [chosen(part, conditions, values) for part in value]
        case _:
            return value


def _operand(value: Any, conditions: Mapping[str, Any], values: Mapping[str, str]) -> Any:
    """Of a condition: whether it holds; or the text that it compares."""
    match value:
        case {"Fn::Equals": [one, other]}:
            return _operand(one, conditions, values) == _operand(other, conditions, values)
        case {"Fn::Not": [other]}:
            return not _operand(other, conditions, values)
        case {"Condition": str(name)}:
            return _operand(conditions[name], conditions, values)
        case {"Ref": str(name)} if name in values:
            return values[name]
        case str() | int():
            return str(value)
        case _:
            raise StartError(f"a condition that this gateway does not decide: {json.dumps(value)}")


def without_aliases(value: Any, functions: Mapping[str, str]) -> Any:
    """The value with the function itself wherever an alias of it is meant; `functions` go by alias."""
    if isinstance(value, Mapping):
        if value.keys() == {"Ref"} and value["Ref"] in functions:
            return {"Fn::GetAtt": [functions[value["Ref"]], "Arn"]}
        return {name: without_aliases(part, functions) for name, part in value.items()}
    if isinstance(value, list):
        return [without_aliases(part, functions) for part in value]
    if isinstance(value, str) and "${" in value:
        return re.sub(
            r"\$\{(\w+)\}",
            lambda found: f"${{{functions[found[1]]}.Arn}}" if found[1] in functions else found[0],
            value,
        )
    return value


def key(intrinsic: Mapping[str, Any]) -> str:
    return json.dumps(intrinsic, sort_keys=True)


def function_in(value: Any, functions: Container[str]) -> str | None:
    """The function that an ARN or an integration's address speaks of, however it is written down."""
    for name in re.findall(r"\w+", json.dumps(value)):
        if name in functions:
            return str(name)
    return None


def _address_of(api: str) -> re.Pattern[str]:
    """With its stage, which the gateway has at the root."""
    return re.compile(rf"https://\$\{{{re.escape(api)}\}}\.execute-api\.[^/]+/([\w-]|\$\{{[\w.]+\}})+")


def _is_intrinsic(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and len(value) == 1
        and all(name == "Ref" or str(name).startswith("Fn::") for name in value)
    )
