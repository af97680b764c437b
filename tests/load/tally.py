"""What was asked and answered, counted; and each finding with all that is needed to follow it up."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.load.connection import Answer, Call
from tests.load.model import Finding

_SHOWN = 20


@dataclass
class Tally:
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By what was asked for and the status."""
    late: int = 0
    """Unavailable without a fault, when a deadline was over: the machine was short of time."""
    findings: dict[Finding, list[str]] = field(default_factory=lambda: {each: [] for each in Finding})
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, call: Call, answer: Answer) -> None:
        with self._lock:
            self.answers[call.name, answer.status] += 1

    def find(self, finding: Finding | None, about: str, answer: Answer) -> None:
        """Write a finding down; None is none. What it is about holds no token."""
        if finding is None:
            return
        times = f"{_clock(answer.began)} to {_clock(answer.ended)}"
        request = answer.headers.get("x-amzn-requestid", "")
        line = f"{finding}: {about}: {answer.status} {answer.content[:200]!r}, {times}, request {request}"
        with self._lock:
            self.findings[finding].append(line)

    @property
    def requests(self) -> int:
        return self.answers.total()

    def many(self, finding: Finding) -> int:
        return len(self.findings[finding])

    def traces(self) -> list[str]:
        """The first of each kind."""
        return [line for lines in self.findings.values() for line in lines[:_SHOWN]]


def _clock(epoch: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(epoch)) + f".{int(epoch % 1 * 1000):03}"
