"""docs/first-use.md is what a terminal shows: each of its commands is given, and says what stands there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from rescind_cli import app as command_line
from tests.local_gateway import RunningGateway, running_gateway

PAGE = Path(__file__).parents[2] / "docs" / "first-use.md"
PASSWORD = "a-password-of-hers"

# What is another one at each use.
VARIES = {
    r"(usr|ses|tok|mac)_[A-Za-z0-9_-]{22}": r"\1_...",
    r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])": "KEY",
    r"\d{4}-\d\d-\d\d": "DAY",
    r"\d\d:\d\d:\d\d": "TIME",
    r"\d+ ms": "N ms",
    r"(:us-east-1:|^aud +)[a-z-]+": r"\1STACK",
    r"\s+": " ",
    # A logout in the second of the login is one by the version alone.
    r"[✓✗] issued since": "? issued since",
}


@dataclass(frozen=True)
class Step:
    command: str
    shown: list[str]


def steps() -> list[Step]:
    """The commands of the page's blocks, each with what is shown below it."""
    blocks = re.findall(r"^```console\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    found: list[Step] = []
    for line in "".join(blocks).splitlines():
        if line.startswith("$ "):
            found.append(Step(line.removeprefix("$ "), []))
        else:
            found[-1].shown.append(line)
    return found


def as_ever(lines: list[str]) -> list[str]:
    """The lines without what varies, and without those that are empty."""
    told = []
    for line in lines:
        changed = line
        for pattern, constant in VARIES.items():
            changed = re.sub(pattern, constant, changed)
        told.append(changed.strip())
    return [line for line in told if line]


@pytest.fixture(scope="module")
def gateway(ministack: str) -> Iterator[RunningGateway]:
    """Of its own: the page begins where nobody has been."""
    with running_gateway(
        environment={"AWS_ENDPOINT_URL": ministack}, arguments=["--stack", "first-use"]
    ) as running:
        yield running


@pytest.mark.proof
def test_the_recording_of_a_first_use_is_what_happens(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("RESCIND_STACK", raising=False)
    monkeypatch.setenv("PORT", str(gateway.port))
    token = ""
    code = 0

    for step in steps():
        shown: list[str] = []
        if step.command.startswith("token="):
            assert "/auth/login -d" in step.command
            assert PASSWORD in step.command
            token = httpx.post(
                f"{gateway.base_url}/auth/login",
                json={"username": "grace", "password": PASSWORD},
                headers={"User-Agent": "curl/8.5.0"},
            ).json()["access_token"]
        elif step.command == "echo $?":
            shown = [str(code)]
        else:
            *piped, words = step.command.split(" | ")
            assert piped in ([], ['echo "$token"'])
            typed = f"{token}\n" if piped else f"{PASSWORD}\n{PASSWORD}\n"
            given = words.removeprefix("rescind ").split()
            ended = CliRunner().invoke(command_line.app, given, input=typed, prog_name="rescind")
            shown, code = ended.output.splitlines(), ended.exit_code
        assert as_ever(shown) == as_ever(step.shown), step.command
