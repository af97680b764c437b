"""`rescind` as an operator gives it, on a local gateway of its own; and a client to see what came of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from typer.testing import CliRunner

from rescind_cli.app import app
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
        ended = CliRunner().invoke(app, [*shared, *arguments], input=typed, prog_name="rescind")
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Said(ended.exit_code, ended.stdout, ended.stderr)

    def document(self, *arguments: str, typed: str = "") -> Any:
        """What a command that succeeds prints for scripts."""
        said = self(*arguments, "--json", typed=typed)
        assert said.code == 0, said.err
        return said.document


@pytest.fixture(scope="module")
def of_this_module(request: pytest.FixtureRequest) -> str:
    """Each module has tables of its own: what one does to everybody is not done to the others' users."""
    return "cli-" + str(request.module.__name__).rpartition(".test_")[2].replace("_", "-")


@pytest.fixture(scope="module")
def gateway(ministack: str, of_this_module: str) -> Iterator[RunningGateway]:
    with running_gateway(
        environment={"AWS_ENDPOINT_URL": ministack}, arguments=["--stack", of_this_module]
    ) as running:
        yield running


@pytest.fixture
def rescind(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> Rescind:
    monkeypatch.delenv("RESCIND_STACK", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    return Rescind(gateway.port)


@pytest.fixture
def client(gateway: RunningGateway) -> Client:
    """Every answer is held to docs/openapi.yaml."""
    return Client(gateway.base_url)
