"""Holds a line of the log to docs/events.schema.json, which is made of the tables in docs/events.md.

`python -m tests.event_lines` makes it anew.
"""

import functools
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "events.md"
SCHEMA = DOCUMENT.with_name("events.schema.json")

_CODE = re.compile(r"(\[?)`([^`]+)`")
_TEXT: dict[str, Any] = {"type": "string"}
_NOT_EVERYWHERE = {"xray_trace_id", "sampling_rate"}
_FORMS: dict[str, dict[str, Any]] = {
    "level": {"enum": ["INFO", "ERROR"]},
    "cold_start": {"type": "boolean"},
    "function_memory_size": {"type": ["string", "integer"]},
    "sampling_rate": {"type": ["string", "number"]},
    "user_id": {"type": "string", "pattern": "^usr_[A-Za-z0-9_-]{22}$"},
    "session_id": {"type": "string", "pattern": "^ses_[A-Za-z0-9_-]{22}$"},
    "token_id": {"type": "string", "pattern": "^tok_[A-Za-z0-9_-]{22}$"},
    "actor": {
        "type": "string",
        "pattern": "^(usr_[A-Za-z0-9_-]{22}|arn:\\S+|operator|canary|exchange|issuer)$",
    },
    "key_id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{21,43}$"},
    "place": {"type": "string", "pattern": "^.+:[0-9]+$"},
    "delay_seconds": {"type": "number", "minimum": 0},
    "bound_seconds": {"type": "integer", "minimum": 0},
}


@dataclass(frozen=True)
class Documented:
    """An event, as the document has it."""

    by: frozenset[str]
    always: frozenset[str]
    sometimes: frozenset[str]
    severity: str
    what_to_do: str

    @property
    def members(self) -> frozenset[str]:
        return self.always | self.sometimes


def table(heading: str, number: int = 0) -> Iterator[list[str]]:
    """The rows of a section's table, each cell without its blanks; `number` counts its tables from 0."""
    section = DOCUMENT.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    assert section, f"{DOCUMENT.name} has no section {heading}"
    tables = re.findall(r"(?:^\|.*\n)+", section, flags=re.MULTILINE)
    for line in tables[number].splitlines()[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def names(heading: str, number: int = 0) -> list[str]:
    """What stands in the first column."""
    return [row[0].strip("`") for row in table(heading, number)]


@functools.cache
def documented_events() -> dict[str, Documented]:
    found = {}
    for event, _, by, members, severity, what_to_do in table("The events"):
        marked = _CODE.findall(members)
        found[event.strip("`")] = Documented(
            by=frozenset(by.split(", ")),
            always=frozenset(name for bracket, name in marked if not bracket),
            sometimes=frozenset(name for bracket, name in marked if bracket),
            severity=severity,
            what_to_do=what_to_do,
        )
    return found


def schema() -> dict[str, Any]:
    """What docs/events.schema.json says."""
    of_powertools, ours = names("The line", 0), names("The line", 1)
    events = documented_events()
    forms = {
        **_FORMS,
        "message": {"enum": list(events)},
        "reason": {"enum": names("The reasons")},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of the audit log; docs/events.md says it to people",
        "type": "object",
        "properties": {name: forms.get(name, _TEXT) for name in (*of_powertools, *ours)},
        "required": [name for name in of_powertools if name not in _NOT_EVERYWHERE],
        "additionalProperties": False,
        "allOf": [_of_its_events(events, each, ours) for each in _by_members(events)],
    }


def problems_of(line: dict[str, Any]) -> list[str]:
    """What is wrong with a line, in words."""
    return [f"{line.get('message')}: {error.message}" for error in _validator().iter_errors(line)]


@functools.cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def _by_members(events: dict[str, Documented]) -> list[list[str]]:
    """The events that have the same members."""
    groups: dict[Any, list[str]] = defaultdict(list)
    for name, event in events.items():
        groups[event.always, event.sometimes].append(name)
    return list(groups.values())


def _of_its_events(events: dict[str, Documented], group: list[str], ours: list[str]) -> dict[str, Any]:
    event = events[group[0]]
    return {
        "if": {"properties": {"message": {"enum": group}}},
        "then": {
            "required": [name for name in ours if name in event.always],
            "properties": {name: False for name in ours if name not in event.members},
        },
    }


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(schema(), indent=2) + "\n", encoding="utf-8")
