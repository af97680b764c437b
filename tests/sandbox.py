"""A sandbox in this process: what `wiring` has built for it, its environment, and the clock of its host."""

import importlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

from rescind import authorizer_wiring, wiring
from rescind.unavailable import UnavailableError
from rescind.web.authorizer import UnauthorizedError
from tests.functions.conftest import Context
from tests.requests import Answer, Call
from tests.template import DOCUMENT, FUNCTIONS, NAMES
from tests.things import NOW

# As API Gateway's own response says it, to which the template maps the authorizer's failures.
_RETRY = {"Retry-After": "1"}


@dataclass
class Clock:
    """The right time, which only a test moves."""

    now: float = NOW


@dataclass
class Sandbox:
    """Serves one call after the other, as Lambda lets it; between them nothing of it runs."""

    clock: Clock
    clock_off: float = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    """What is set for this sandbox, beside what the test has set for all."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """What it need not build, by the names of `wiring` and of `authorizer_wiring`."""

    def __post_init__(self) -> None:
        self._wiring: list[tuple[Any, str, Callable[[], Any]]] = [
            (module, name, _always(self.given[name]) if name in self.given else cache(built.__wrapped__))
            for module in (wiring, authorizer_wiring)
            for name, built in vars(module).items()
            if hasattr(built, "cache_clear")
        ]

    def ask(self, call: Call) -> Answer:
        """What a client gets; of the authorizer that is 200, 401 or 503, as API Gateway makes it."""
        handler = importlib.import_module(f"functions.{call.function}.app").handler
        context = Context(milliseconds_left=timeout_of(call.function) * 1000)
        began = time.monotonic()
        with self._at_work():
            try:
                given = handler(json.loads(json.dumps(call.event)), context)
            except UnauthorizedError:
                given = {"statusCode": 401, "headers": {}, "body": ""}
            except UnavailableError:
                given = {"statusCode": 503, "headers": _RETRY, "body": ""}
        ended = time.monotonic()
        if "statusCode" not in given:
            return Answer(200, given, began=began, ended=ended)
        body = json.loads(given["body"]) if given["body"] else None
        return Answer(given["statusCode"], body, given["headers"], began, ended)

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as here:
            here.setattr(time, "time", lambda: self.clock.now + self.clock_off)
            for name, value in self.environment.items():
                here.setenv(name, value)
            for module, name, build in self._wiring:
                here.setattr(module, name, build)
            yield


@cache
def timeout_of(function: str) -> int:
    """As the template has it, in seconds."""
    named = FUNCTIONS[NAMES[function]]
    timeout: int = named.get("Timeout", DOCUMENT["Globals"]["Function"]["Timeout"])
    return timeout


def _always(thing: Any) -> Callable[[], Any]:
    return lambda: thing
