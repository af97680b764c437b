"""Answers whose rows lack an attribute, or have it in another type: one attribute after the other."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.faults.faults import READS, Fault, Line, Request

# Absent, they have a meaning of their own: never revoked, never changed, made before it was written down.
OPTIONAL = {"revoked_at", "revision", "added_at"}

Row = dict[str, Any]


def _remove(row: Row, name: str) -> None:
    if name not in OPTIONAL:
        del row[name]


def _mistype(row: Row, name: str) -> None:
    row[name] = {"N": "7"} if row[name].keys() == {"S"} else {"S": "seven"}


SPOILED: dict[str, Callable[[Row, str], None]] = {
    "attribute-missing": _remove,
    "attribute-mistyped": _mistype,
}


class Spoiled:
    """A fault for one attribute of an answer, by its number; says whether the answer had so many."""

    def __init__(self, name: str, number: int) -> None:
        self.fault = Fault(name, self._spoil, READS, takes_effect=True)
        self.attribute: str | None = None
        """Which one it was."""
        self._number = number

    def _spoil(self, request: Request, line: Line) -> None:
        answer = line.pass_on(request)
        given = json.loads(answer.body)
        for number, (row, name) in enumerate(_attributes_of(given)):
            if number == self._number:
                self.attribute = name
                SPOILED[self.fault.name](row, name)
        line.send(replace(answer, body=json.dumps(given).encode()))


def _attributes_of(answer: dict[str, Any]) -> Iterator[tuple[Row, str]]:
    for row in [*_rows_of(answer)]:
        yield from [(row, name) for name in row]
        for value in [*row.values()]:
            for entry in value.get("L", []):
                yield from [(entry["M"], name) for name in entry["M"]]


def _rows_of(answer: dict[str, Any]) -> Iterator[Row]:
    if "Item" in answer:  # Of a condition that failed, too.
        yield answer["Item"]
    yield from (reason["Item"] for reason in answer.get("CancellationReasons", []) if "Item" in reason)
    yield from answer.get("Items", [])
    for rows in answer.get("Responses", {}).values():
        yield from rows
