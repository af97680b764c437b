"""The matrix is tested: it must catch each of these mistakes, which are easily made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from rescind import aws
from rescind.flows.authenticate import authenticate
from rescind.reasons import Reason
from rescind.rules.sessions import decide_refresh
from rescind.unavailable import UnavailableError
from rescind.verdict import Refuse
from tests.faults.cells import Cell, all_cells
from tests.faults.check import check, outcome_without
from tests.faults.world import World

pytestmark = [pytest.mark.ministack, pytest.mark.proof]

_call = aws.call


def calls_and_forgets_what_is_left_over(operation: Callable[..., Any], **parameters: Any) -> Any:
    answer = dict(_call(operation, **parameters))
    answer.pop("UnprocessedKeys", None)
    return answer


def takes_what_is_missing_for_not_there(answer: Mapping[str, Any], table: str, _: object) -> Any:
    return next(iter(answer["Responses"].get(table, [])), None)


def refuses_what_it_cannot_read(*args: Any, **kwargs: Any) -> Any:
    try:
        return authenticate(*args, **kwargs)
    except UnavailableError:
        return Refuse(Reason.BLOCKLISTED)


def decides_without_knowing_its_own_writes(*args: Any, **kwargs: Any) -> Any:
    return decide_refresh(*args, **{**kwargs, "attempt": "", "grace_seconds": 0, "repeated": False})


Patches = Mapping[str, Callable[..., Any]]
"""What stands in for what."""

TAKES_LEFT_OVER_FOR_NOT_THERE: Patches = {
    "rescind.aws.call": calls_and_forgets_what_is_left_over,
    "rescind.store.state._the_row": takes_what_is_missing_for_not_there,
}


@dataclass(frozen=True)
class Mutant:
    name: str
    patches: Patches
    scenario: str
    fault: str
    complaint: str
    """What is found to be wrong."""

    @property
    def cells(self) -> list[Cell]:
        return [
            each for each in all_cells() if each.scenario.id == self.scenario and each.fault == self.fault
        ]


MUTANTS = [
    Mutant(
        "keys-left-over-are-rows-that-are-not-there",
        TAKES_LEFT_OVER_FOR_NOT_THERE,
        "authorizer/live",
        "unprocessed",
        "answered 401 in place of 200",
    ),
    Mutant(
        "blocklist-left-over-is-nothing-blocked",
        TAKES_LEFT_OVER_FOR_NOT_THERE,
        "authorizer/blocked",
        "unprocessed-row",
        "answered 200 in place of 401",
    ),
    Mutant(
        "ended-login-left-over-has-not-ended",
        TAKES_LEFT_OVER_FOR_NOT_THERE,
        "exchange/ended login, keys known",
        "unprocessed-row",
        "answered 200 in place of 401",
    ),
    Mutant(
        "throttle-is-a-refusal",
        {"rescind.flows.authenticate.authenticate": refuses_what_it_cannot_read},
        "authorizer/live",
        "throttled",
        "answered 401 in place of 200",
    ),
    Mutant(
        "own-lost-write-is-reuse",
        {"rescind.flows.refresh.decide_refresh": decides_without_knowing_its_own_writes},
        "refresh/current",
        "lost",
        "answered 401 in place of 200",
    ),
]
ENDLESS = Mutant(
    "tries-go-on-for-as-long-as-they-like",
    {"rescind.deadline.allows_first_try": lambda: True, "rescind.deadline.allows_second_try": lambda: True},
    "authorizer/live, keys due",
    "silence",
    "answered later than after 3.0 s",
)
every_mutant = pytest.mark.parametrize(
    "mutant",
    [
        *(pytest.param(each, id=each.name) for each in MUTANTS),
        pytest.param(ENDLESS, id=ENDLESS.name, marks=pytest.mark.proof),
    ],
)


@every_mutant
def test_a_mistake_is_noticed(world: World, mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    for cell in mutant.cells:
        outcome_without(world, cell.scenario)
    for target, replacement in mutant.patches.items():
        monkeypatch.setattr(target, replacement)

    complaints = [complaint for cell in mutant.cells if (complaint := complaint_about(world, cell))]

    assert mutant.complaint in complaints


@every_mutant
def test_without_the_mistake_there_is_no_complaint(world: World, mutant: Mutant) -> None:
    complaints = [complaint for cell in mutant.cells if (complaint := complaint_about(world, cell))]

    assert mutant.cells
    assert complaints == []


def complaint_about(world: World, cell: Cell) -> str:
    try:
        check(world, cell)
    except AssertionError as error:
        return str(error)
    return ""
