"""Reading DynamoDB's typed attributes: what is missing or of another type is a failure, never a default."""

import json
import re
from collections.abc import Mapping
from typing import Any

from rescind.unavailable import UnavailableError

Item = Mapping[str, Mapping[str, Any]]

# What `int` reads without failing: a digit is not always one of ours, nor a minus the only one.
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,38}")


class MalformedItemError(UnavailableError):
    """A row lacks an attribute or has it in another type: nothing can be decided from it."""


def rows_of(answer: Mapping[str, Any]) -> list[Item]:
    """The rows of a Query or a Scan, as many as the answer says."""
    rows: list[Item] = answer["Items"]
    if len(rows) != answer["Count"]:
        raise MalformedItemError("the answer has not the rows that it counts")
    return rows


def text(item: Item, name: str) -> str:
    value = _of_type(item, name, "S")
    if not isinstance(value, str):
        raise MalformedItemError(f"the attribute {name} is not a string")
    return value


def json_object(item: Item, name: str) -> str:
    """The text of a JSON object."""
    value = text(item, name)
    try:
        is_object = isinstance(json.loads(value), dict)
    except ValueError:
        is_object = False
    if not is_object:
        raise MalformedItemError(f"the attribute {name} is not a JSON object")
    return value


def number(item: Item, name: str) -> int:
    value = _of_type(item, name, "N")
    if not isinstance(value, str) or not _WHOLE_NUMBER.fullmatch(value):
        raise MalformedItemError(f"the attribute {name} is not a whole number")
    return int(value)


def optional_number(item: Item, name: str) -> int | None:
    """None only where there is no such attribute at all."""
    return number(item, name) if name in item else None


def of_number(number: int) -> dict[str, str]:
    """A whole number, as it is written."""
    return {"N": str(number)}


def binary(item: Item, name: str) -> bytes:
    value = _of_type(item, name, "B")
    if not isinstance(value, bytes):
        raise MalformedItemError(f"the attribute {name} is not binary")
    return value


def maps(item: Item, name: str) -> list[Item]:
    """A list of maps, each of which is read like a row."""
    try:
        rows = [value["M"] for value in item[name]["L"]]
    except (KeyError, TypeError):
        rows = [None]
    if not all(isinstance(row, dict) for row in rows):
        raise MalformedItemError(f"the attribute {name} is not a list of maps")
    return rows


def _of_type(item: Item, name: str, kind: str) -> Any:
    """None where there is none, or where it is no typed attribute at all."""
    try:
        return item[name][kind]
    except (KeyError, TypeError):
        return None
