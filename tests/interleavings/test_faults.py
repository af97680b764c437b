"""Operations at once, and the network loses, refuses, repeats or copies one of their calls."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.interleavings.operations import (
    ALL,
    LOGIN,
    PAIRS,
    REFRESH_REFRESH_LOGOUT,
    SKEWS,
    Operation,
    Operations,
    by_clocks,
    named,
)
from tests.interleavings.scenario import Fault, Scenario
from tests.interleavings.schedules import Explored
from tests.interleavings.world import OTHER, OWN, settings_with

Explore = Callable[[Scenario], Explored]


@pytest.mark.parametrize("operation", ALL, ids=lambda each: each.name)
def test_one_call_that_fails_does_no_harm(explore: Explore, operation: Operation) -> None:
    for grace in (0, 30):
        settings = settings_with(refresh_grace_seconds=grace)
        explore(Scenario((operation,), faults=tuple(Fault), settings=settings, keys_may_fail=True))


# Of all pairs each third in every run, and the others in `make proof`.
@pytest.mark.parametrize(
    "operations",
    [
        pytest.param(pair, marks=[pytest.mark.proof] if number % 3 else [])
        for number, pair in enumerate(PAIRS)
    ],
    ids=named,
)
def test_one_call_of_two_operations_that_fails_does_no_harm(explore: Explore, operations: Operations) -> None:
    explore(Scenario(operations, faults=tuple(Fault)))


@pytest.mark.parametrize(
    "after",
    [
        pytest.param((0,), id="one-after-the-other"),
        pytest.param((), id="at-once", marks=pytest.mark.soak),
    ],
)
@pytest.mark.parametrize("limit", [1, 2])
def test_a_login_that_fails_at_the_limit_does_no_harm(
    explore: Explore, limit: int, after: tuple[int, ...]
) -> None:
    operations = (LOGIN, replace(LOGIN, after=after))
    settings = settings_with(max_sessions_per_user=limit)

    explore(Scenario(operations, faults=tuple(Fault), sessions=(OWN, OTHER)[:limit], settings=settings))


@pytest.mark.soak
@pytest.mark.parametrize("operations", PAIRS, ids=named)
def test_one_call_that_fails_does_no_harm_whatever_the_clocks(
    explore: Explore, operations: Operations
) -> None:
    for skew in SKEWS:
        explore(Scenario(by_clocks(operations, (skew, -skew)), faults=tuple(Fault), keys_may_fail=True))


@pytest.mark.soak
@pytest.mark.parametrize("operations", REFRESH_REFRESH_LOGOUT, ids=named)
@pytest.mark.parametrize("grace", [0, 30], ids=["no-grace", "grace"])
def test_one_call_of_three_operations_that_fails_does_no_harm(
    explore: Explore, operations: Operations, grace: int
) -> None:
    explore(Scenario(operations, faults=tuple(Fault), settings=settings_with(refresh_grace_seconds=grace)))
