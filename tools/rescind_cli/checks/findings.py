"""What a check comes to: how it ended, what was seen, and what mends it."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    OK = "ok"
    WARNING = "warning"
    """Nothing is wrong yet."""
    FAULT = "fault"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    outcome: Outcome
    said: str
    cure: str = ""
    """A command or a parameter; of what was not checked, what would let it be."""


def ok(name: str, said: str) -> Finding:
    return Finding(name, Outcome.OK, said)


def warning(name: str, said: str, cure: str) -> Finding:
    return Finding(name, Outcome.WARNING, said, cure)


def fault(name: str, said: str, cure: str) -> Finding:
    return Finding(name, Outcome.FAULT, said, cure)


def not_checked(name: str, said: str, cure: str = "") -> Finding:
    return Finding(name, Outcome.NOT_CHECKED, said, cure)
