"""Finds CloudFormation's intrinsic functions in a value, and puts answers in their place."""

import json
import re
from collections.abc import Container, Iterator, Mapping
from typing import Any


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


def key(intrinsic: Mapping[str, Any]) -> str:
    return json.dumps(intrinsic, sort_keys=True)


def function_in(value: Any, functions: Container[str]) -> str | None:
    """The function that an ARN or an integration's address speaks of, however it is written down."""
    for name in re.findall(r"\w+", json.dumps(value)):
        if name in functions:
            return str(name)
    return None


def _is_intrinsic(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and len(value) == 1
        and all(name == "Ref" or str(name).startswith("Fn::") for name in value)
    )
