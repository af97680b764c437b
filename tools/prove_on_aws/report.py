"""What came of it, as a document and to read: no secret and no account id is in either."""

import json
import platform
import re
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from prove_on_aws.bound import Round
from rescind_cli.checks.findings import Finding, Outcome

_ACCOUNT = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
_API = re.compile(r"[a-z0-9]{10}(?=\.execute-api\.)")
_MARKS = {Outcome.OK: "pass", Outcome.WARNING: "note", Outcome.FAULT: "FAIL", Outcome.NOT_CHECKED: "----"}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass
class Report:
    stack: str
    region: str
    began: str = field(default_factory=_now)
    ended: str = ""
    findings: list[Finding] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    durations: dict[str, Any] = field(default_factory=dict)
    left_behind: list[str] = field(default_factory=list)
    finished: bool = False
    """Or it was stopped on the way, and what is missing was not looked at."""

    def add(self, findings: Iterable[Finding]) -> None:
        """Shows each as it comes: the whole takes minutes."""
        for each in findings:
            self.findings.append(each)
            print(line_of(each), flush=True)

    @property
    def faults(self) -> int:
        return sum(each.outcome is Outcome.FAULT for each in self.findings)

    def write(self, path: Path, secrets: Collection[str]) -> Path:
        """Gives where the text to read is."""
        self.ended = _now()
        versions = {name: version(name) for name in ("boto3", "botocore", "pyjwt")}
        document = {
            **asdict(self),
            "faults": self.faults,
            "versions": {"python": platform.python_version(), **versions},
        }
        to_read = path.with_suffix(".txt")
        path.write_text(redacted(json.dumps(document, indent=2), secrets) + "\n", encoding="utf-8")
        to_read.write_text(redacted("\n".join(self._lines()), secrets) + "\n", encoding="utf-8")
        return to_read

    def _lines(self) -> Iterable[str]:
        yield f"{self.stack} in {self.region}, {self.began} to {self.ended}"
        yield from map(line_of, self.findings)
        for number, each in enumerate(self.rounds, start=1):
            delay = f"{each.delay_seconds:.3f} s of {each.bound_seconds} s"
            yield f"round {number}: {delay}, {each.requests} requests"
        for function, figures in self.durations.items():
            yield f"{function}: " + ", ".join(f"{name} {value:g}" for name, value in figures.items())
        yield from (f"left behind: {each}" for each in self.left_behind)
        if not self.finished:
            yield "It was stopped before its end: what is missing was not looked at."
        yield f"Not as promised: {self.faults}."


def line_of(finding: Finding) -> str:
    cure = f" {finding.cure}" if finding.cure and finding.outcome is not Outcome.OK else ""
    said = finding.said.rstrip(".")
    return f"{_MARKS[finding.outcome]}  {finding.name}: {said}.{cure}"


def redacted(text: str, secrets: Collection[str]) -> str:
    """Without account ids and the API's id, by which it could be found.

    Raises:
        ValueError: a secret is in it, which no finding may quote.
    """
    if any(secret in text for secret in secrets):
        raise ValueError("a secret is in the report")
    return _API.sub("API", _ACCOUNT.sub("ACCOUNT", text))
