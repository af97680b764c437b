"""The template as SAM translates it, and what CloudFormation would make of a value in it."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tests.template import DOCUMENT
from translated_template import translated as translated_by_sam


@cache
def translated(uploaded: tuple[tuple[str, str], ...] = (), **values: str) -> dict[str, Any]:
    return translated_by_sam(dict(uploaded), **values)


def resources(kind: str, template: Mapping[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """Their properties by logical id."""
    found = (template or translated())["Resources"].items()
    return {name: each["Properties"] for name, each in found if each["Type"] == kind}


DEFAULTS = {name: str(each["Default"]) for name, each in DOCUMENT["Parameters"].items()}


def named_in(value: Any) -> Iterator[str]:
    """Every parameter, resource and pseudo parameter that the value depends on."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::If": [str(condition), *either]}:
            yield from named_in(DOCUMENT["Conditions"][condition])
            yield from named_in(either)
        case {"Condition": str(condition)}:
            yield from named_in(DOCUMENT["Conditions"][condition])
        case dict():
            for part in value.values():
                yield from named_in(part)
        case list():
            for part in value:
                yield from named_in(part)
        case str():
            yield from re.findall(r"\$\{([\w:]+)", value)
        case _:
            pass


def resolved(value: Any, given: Mapping[str, str]) -> Any:
    """As CloudFormation would, as far as this template needs it; a resource is its own name."""
    match value:
        case {"Ref": str(name)}:
            return given.get(name, name)
        case {"Fn::If": [str(condition), then, otherwise]}:
            holds = resolved(DOCUMENT["Conditions"][condition], given)
            return resolved(then if holds else otherwise, given)
        case {"Fn::Not": [negated]}:
            return not resolved(negated, given)
        case {"Fn::Equals": [one, other]}:
            return resolved(one, given) == resolved(other, given)
        case {"Fn::And": list(parts)}:
            return all(resolved(part, given) for part in parts)
        case {"Fn::Or": list(parts)}:
            return any(resolved(part, given) for part in parts)
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([\w:.]+)\}", lambda found: given.get(found[1], found[1]), text)
        case dict():
            return {name: resolved(part, given) for name, part in value.items()}
        case list():
            return [resolved(part, given) for part in value]
        case _:
            return value
