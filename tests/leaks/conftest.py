"""One talkative sandbox after another: every switch that makes a function or the SDK say more is on."""

import importlib
import io
import logging
import time
import urllib.request
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from argon2 import PasswordHasher
from botocore.client import BaseClient

from rescind import audit, issuer_documents, wiring
from tests.functions.conftest import Stack, moto, set_environment
from tests.leaks.calls import Calls
from tests.leaks.paths import FUNCTIONS
from tests.leaks.provider import TRUST
from tests.leaks.witness import Witness
from tests.leaks.world import World, marked_rows
from tests.tables import stores_on

__all__ = ["moto"]

TALKATIVE = {
    "POWERTOOLS_SERVICE_NAME": "talkative",
    "POWERTOOLS_LOGGER_LOG_EVENT": "true",
    "POWERTOOLS_LOG_LEVEL": "DEBUG",
    "LOG_LEVEL": "DEBUG",
    "AWS_LAMBDA_LOG_LEVEL": "DEBUG",
    "POWERTOOLS_LOG_DEDUPLICATION_DISABLED": "true",
    "POWERTOOLS_LOGGER_SAMPLE_RATE": "1",
    "POWERTOOLS_TRACER_CAPTURE_RESPONSE": "true",
    "POWERTOOLS_TRACER_CAPTURE_ERROR": "true",
}


def load_anew() -> None:
    """As in a new sandbox: what is read from the environment at import is read again."""
    with warnings.catch_warnings(action="ignore"):
        importlib.reload(audit)
        for function in FUNCTIONS:
            importlib.reload(importlib.import_module(f"functions.{function}.app"))


@pytest.fixture(scope="module", autouse=True)
def talkative() -> Iterator[None]:
    # A test of before may have left the SDK silent: here it is for the code to do it.
    logging.getLogger("botocore").setLevel(logging.NOTSET)
    with pytest.MonkeyPatch.context() as environment:
        for name, value in TALKATIVE.items():
            environment.setenv(name, value)
        load_anew()
        yield
    load_anew()


@pytest.fixture
def witness(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Witness]:
    log = io.StringIO()
    monkeypatch.setattr(audit.logger.registered_handler, "stream", log)
    witness = Witness(capsys, log)
    root = logging.getLogger()
    level = root.level
    root.addHandler(witness)
    root.setLevel(logging.DEBUG)
    yield witness
    root.removeHandler(witness)
    root.setLevel(level)


@pytest.fixture(scope="module")
def rows(moto: str) -> dict[str, Any]:
    return marked_rows(stores_on(wiring.dynamodb()), moto)


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_password, weak = PasswordHasher.hash, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(
        PasswordHasher, "hash", lambda _, password, salt: hash_password(weak, password, salt=salt)
    )


@pytest.fixture
def world(moto: str, rows: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> World:
    set_environment(monkeypatch, moto)
    for name, value in TRUST.items():
        monkeypatch.setenv(name, value)
    world = World(Stack(stores_on(wiring.dynamodb())), monkeypatch, rows)
    monkeypatch.setattr(urllib.request, "urlopen", world.receive)
    monkeypatch.setattr(issuer_documents, "_opener", world.provider)
    monkeypatch.setattr(time, "sleep", lambda _: None)  # What the canary waits for is there at once.
    world.begin()
    return world


@pytest.fixture
def calls(world: World, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """After the world, whose own calls are nobody's path."""
    del world
    calls = Calls()
    monkeypatch.setattr(BaseClient, "_make_api_call", lambda *call: calls.make(*call))  # noqa: PLW0108 - a method
    return calls
