"""`rescind` as an operator gives it, on a local gateway of its own; and a client to see what came of it."""

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from typer.testing import CliRunner

from rescind_cli import app as command_line
from rescind_cli.stack import local_stack
from tests.journeys.conftest import Client
from tests.local_gateway import RunningGateway, running_gateway


@dataclass(frozen=True)
class Said:
    """How a command ended. `out` is what scripts read, `err` is for people."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What `--json` printed."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Rescind:
    port: int

    def __call__(self, *arguments: str, typed: str = "") -> Said:
        """Give a command; `typed` is what is typed when it asks, or piped into it."""
        shared = ["--local", "--port", str(self.port)]
        ended = CliRunner().invoke(command_line.app, [*shared, *arguments], input=typed, prog_name="rescind")
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Said(ended.exit_code, ended.stdout, ended.stderr)

    def document(self, *arguments: str, typed: str = "") -> Any:
        """What a command that succeeds prints for scripts."""
        said = self(*arguments, "--json", typed=typed)
        assert said.code == 0, said.err
        return said.document


STACK = "cli"

# A client is the same for all commands, and takes longer to make than a command to give.
_stack_at = functools.cache(local_stack)


@pytest.fixture(scope="session")
def gateway(ministack: str) -> Iterator[RunningGateway]:
    """For whatever leaves the other modules' users and keys alone."""
    with running_gateway(
        environment={"AWS_ENDPOINT_URL": ministack}, arguments=["--stack", STACK]
    ) as running:
        yield running


@pytest.fixture
def rescind(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> Rescind:
    monkeypatch.delenv("RESCIND_STACK", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(command_line, "local_stack", _stack_at)
    return Rescind(gateway.port)


@pytest.fixture
def client(gateway: RunningGateway) -> Client:
    """Every answer is held to docs/openapi.yaml."""
    return Client(gateway.base_url)
