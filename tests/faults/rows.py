"""Answers whose rows lack an attribute, or have it in another type: one attribute after the other."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.faults.faults import Fault, Line, Request

# Absent, they have a meaning of their own: never revoked, never changed, made before it was written down.
OPTIONAL = {"revoked_at", "revision", "added_at"}
READS_ROWS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan"})

Row = dict[str, Any]


class Spoiled:
    """A fault for one attribute of an answer, which says whether the answer had so many."""

    def __init__(self, name: str, number: int, spoil: Callable[[Row, str], None]) -> None:
        self.fault = Fault(name, self._spoil_answer, READS_ROWS, takes_effect=True)
        self.attribute: str | None = None
        """Which one it was."""
        self._number = number
        self._spoil_attribute = spoil

    def _spoil_answer(self, request: Request, line: Line) -> None:
        answer = line.pass_on(request)
        given = json.loads(answer.body)
        for number, (row, name) in enumerate(_attributes_of(given)):
            if number == self._number:
                self.attribute = name
                self._spoil_attribute(row, name)
        line.send(replace(answer, body=json.dumps(given).encode()))


def missing(number: int) -> Spoiled:
    return Spoiled("attribute-missing", number, _remove)


def mistyped(number: int) -> Spoiled:
    return Spoiled("attribute-mistyped", number, _mistype)


def _remove(row: Row, name: str) -> None:
    if name not in OPTIONAL:
        del row[name]


def _mistype(row: Row, name: str) -> None:
    row[name] = {"N": "7"} if row[name].keys() == {"S"} else {"S": "seven"}


def _attributes_of(answer: dict[str, Any]) -> Iterator[tuple[Row, str]]:
    for row in [*_rows_of(answer)]:
        yield from [(row, name) for name in row]
        for value in [*row.values()]:
            for entry in value.get("L", []):
                yield from [(entry["M"], name) for name in entry["M"]]


def _rows_of(answer: dict[str, Any]) -> Iterator[Row]:
    if "Item" in answer:
        yield answer["Item"]
    yield from answer.get("Items", [])
    for rows in answer.get("Responses", {}).values():
        yield from rows
