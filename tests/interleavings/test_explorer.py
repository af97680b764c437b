"""The explorer itself: it misses no schedule, and those that it takes for the same end alike."""

from math import comb
from typing import Any

import pytest

from tests.interleavings.explorer import Run
from tests.interleavings.operations import (
    CHANGE_PASSWORD,
    DISABLE,
    EVERYWHERE_BEARER,
    LOGIN,
    LOGOUT,
    LOGOUT_BOTH,
    REFRESH,
    REFRESH_TWICE,
    REVOKE,
    Operations,
    named,
)
from tests.interleavings.oracle import judge
from tests.interleavings.scenario import Fault, Scenario, Step
from tests.interleavings.schedules import Explored, explore
from tests.interleavings.world import OWN, settings_with

# What explores is tried by itself; what it explores, in the files beside this one.
pytestmark = pytest.mark.proof


def test_two_requests_of_five_calls_have_252_schedules() -> None:
    explored = explore(Scenario((LOGIN, LOGIN)), judge, merge=False)

    assert explored.schedules == explored.runs == len(explored.ends) == comb(10, 5)
    assert len({end.steps for end in explored.ends}) == comb(10, 5)


@pytest.mark.parametrize("faults", [(), tuple(Fault)], ids=["no-faults", "faults"])
@pytest.mark.parametrize(
    "operations",
    [
        (REFRESH, REVOKE),
        (REFRESH, REFRESH_TWICE),
        (LOGOUT_BOTH, CHANGE_PASSWORD),
        (EVERYWHERE_BEARER, DISABLE),
        (REFRESH, REFRESH, LOGOUT),
    ],
    ids=named,
)
def test_schedules_that_go_on_as_one_end_alike(operations: Operations, faults: tuple[Fault, ...]) -> None:
    one_by_one = explore(Scenario(operations, faults=faults), judge, merge=False)

    together = explore(Scenario(operations, faults=faults), judge)

    assert together.schedules == one_by_one.schedules == len(one_by_one.ends)
    assert ends(together) == ends(one_by_one)


def test_logins_at_the_limit_that_go_on_as_one_end_alike() -> None:
    scenario = Scenario((LOGIN, LOGIN), sessions=(OWN,), settings=settings_with(max_sessions_per_user=1))
    one_by_one = explore(scenario, judge, merge=False)

    together = explore(scenario, judge)

    assert together.schedules == one_by_one.schedules
    assert together.runs < one_by_one.runs
    assert ends(together) == ends(one_by_one)


def ends(explored: Explored) -> set[Any]:
    return {(end.answers, end.live, end.complaints) for end in explored.ends}


def test_a_run_is_the_same_every_time() -> None:
    scenario = Scenario((REFRESH, LOGIN), faults=tuple(Fault))
    steps = [Step(0), Step(1), Step(1), Step(0, Fault.COPIED), Step(1), Step(-1)]

    keys = []
    for _ in range(2):
        run = Run(scenario)
        assert all(run.take(step) for step in steps)
        keys.append(run.key())
        run.stop()

    assert keys[0] == keys[1]


def test_without_switches_requests_come_one_after_the_other() -> None:
    explored = explore(Scenario((LOGIN, REVOKE), switches=0), judge)

    assert explored.schedules == 2
