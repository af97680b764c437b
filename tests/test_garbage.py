"""In a sandbox nobody looks for garbage until the first answer; elsewhere all stays as it is."""

import gc
import importlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from rescind import garbage
from rescind.endpoint import endpoint
from rescind.invocation import FailedError, invocation
from rescind.web.responses import ok
from tests.functions.conftest import Context


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMBDA_TASK_ROOT", "/var/task")
    importlib.reload(garbage)


def fail(_: Any) -> Any:
    raise LookupError


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(endpoint(lambda _: ok({})), id="a route"),
        pytest.param(endpoint(fail), id="a route that fails"),
        pytest.param(invocation(lambda _: {}), id="a function"),
        pytest.param(invocation(fail), id="a function that fails"),
    ],
)
@pytest.mark.usefixtures("sandbox")
def test_it_is_looked_for_after_the_first_answer_and_not_among_what_was_loaded(
    handler: Callable[[Any, Any], Any],
) -> None:
    assert not gc.isenabled()

    with suppress(FailedError):
        handler({}, Context())

    assert gc.isenabled()
    frozen = gc.get_freeze_count()
    assert frozen > 0
    garbage.look_for_it()
    assert gc.get_freeze_count() <= frozen  # What is not used any more goes from among it, too.


def test_outside_of_a_sandbox_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAMBDA_TASK_ROOT", raising=False)

    importlib.reload(garbage)
    garbage.look_for_it()

    assert (gc.isenabled(), gc.get_freeze_count()) == (True, 0)
