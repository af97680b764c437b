"""Mistakes that are easily made, each of which the matrix must notice."""

from collections.abc import Callable
from typing import Any

import pytest

import functions.authorizer.app as authorizer
from rescind import aws, deadline
from rescind.flows import authenticate, refresh
from rescind.reasons import Reason
from rescind.rules.sessions import decide_refresh
from rescind.store import state
from rescind.unavailable import UnavailableError
from rescind.verdict import Refuse
from tests.faults.cells import Cell, all_cells, happens, outcome_without
from tests.faults.scenarios import SCENARIOS
from tests.faults.world import World

pytestmark = pytest.mark.ministack


def cells_of(scenario: str, *faults: str) -> list[Cell]:
    return [cell for cell in all_cells() if cell.scenario.id == scenario and cell.fault in faults]


def noticed(world: World, cells: list[Cell]) -> bool:
    assert cells
    return any(_fails(world, cell) for cell in cells)


def _fails(world: World, cell: Cell) -> bool:
    try:
        happens(world, cell)
    except AssertionError:
        return True
    return False


@pytest.fixture(autouse=True)
def as_it_should_be(world: World) -> None:
    """What comes of each scenario without fault and without mistake."""
    for scenario in SCENARIOS:
        if scenario.function in {"authorizer", "refresh"}:
            outcome_without(world, scenario)


@pytest.fixture
def swallowing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was left over is taken for not there."""
    call = aws.call

    def swallow(operation: Callable[..., Any], **parameters: Any) -> Any:
        answer = dict(call(operation, **parameters))
        answer.pop("UnprocessedKeys", None)
        return answer

    monkeypatch.setattr(aws, "call", swallow)
    monkeypatch.setattr(
        state, "_the_row", lambda answer, table, _: next(iter(answer["Responses"].get(table, [])), None)
    )


@pytest.mark.usefixtures("swallowing")
@pytest.mark.parametrize(
    ("scenario", "fault"),
    [("authorizer/live", "unprocessed"), ("authorizer/blocked", "unprocessed-row")],
)
def test_keys_that_are_left_over_are_taken_for_rows_that_are_not_there(
    world: World, scenario: str, fault: str
) -> None:
    assert noticed(world, cells_of(scenario, fault))


def test_a_throttle_becomes_a_refusal(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        try:
            return authenticate.authenticate(*args, **kwargs)
        except UnavailableError:
            return Refuse(Reason.BLOCKLISTED)

    monkeypatch.setattr(authorizer, "authenticate", refuse)

    assert noticed(world, cells_of("authorizer/live", "throttled"))


def test_a_lost_write_of_ones_own_is_taken_for_reuse(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(*args: Any, **kwargs: Any) -> Any:
        return decide_refresh(*args, **{**kwargs, "attempt": "", "grace_seconds": 0, "repeated": False})

    monkeypatch.setattr(refresh, "decide_refresh", forgetful)

    assert noticed(world, cells_of("refresh/current", "lost"))


@pytest.mark.proof
def test_tries_go_on_for_as_long_as_they_like(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "allows_a_try", lambda: True)

    assert noticed(world, cells_of("authorizer/live, keys due", "silence"))
