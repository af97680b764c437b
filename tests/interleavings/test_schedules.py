"""Operations at once, in every order of their calls: what should be dead is dead, what should live lives."""

from collections.abc import Callable
from itertools import combinations_with_replacement, product
from typing import Any

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
from tests.interleavings.scenario import Scenario
from tests.interleavings.schedules import Explored
from tests.interleavings.world import OTHER, OWN, settings_with

Explore = Callable[[Scenario], Explored]

TRIPLES = list(combinations_with_replacement(ALL, 3))


def outcomes(explored: Explored) -> set[Any]:
    return {(end.answers, end.live) for end in explored.ends}


@pytest.mark.parametrize("operations", PAIRS, ids=named)
def test_two_operations_do_each_other_no_harm_whatever_their_clocks(
    explore: Explore, operations: Operations
) -> None:
    right = explore(Scenario(operations))

    for skew in SKEWS:
        skewed = explore(Scenario(by_clocks(operations, (skew, -skew))))

        assert outcomes(skewed) == outcomes(right)


@pytest.mark.parametrize("operations", REFRESH_REFRESH_LOGOUT, ids=named)
@pytest.mark.parametrize("grace", [0, 30], ids=["no-grace", "grace"])
def test_two_refreshes_and_a_logout_do_each_other_no_harm(
    explore: Explore, operations: Operations, grace: int
) -> None:
    settings = settings_with(refresh_grace_seconds=grace)

    explore(Scenario(operations, settings=settings))
    for skews in product(SKEWS, repeat=3):
        explore(Scenario(by_clocks(operations, skews), settings=settings))


def parallel_logins(limit: int, skews: tuple[int, ...], *, switches: int | None = None) -> Scenario:
    return Scenario(
        by_clocks((LOGIN,) * len(skews), skews),
        sessions=(OWN, OTHER)[:limit],
        settings=settings_with(max_sessions_per_user=limit),
        switches=switches,
    )


@pytest.mark.parametrize("limit", [1, 2])
def test_two_logins_at_once_leave_no_more_sessions_than_the_limit(explore: Explore, limit: int) -> None:
    for skews in [(0, 0), *product(SKEWS, repeat=2)]:
        explore(parallel_logins(limit, skews))


@pytest.mark.parametrize("operation", ALL, ids=lambda each: each.name)
def test_a_login_at_the_limit_and_another_operation_do_each_other_no_harm(
    explore: Explore, operation: Operation
) -> None:
    for skew in (0, *SKEWS):
        operations = by_clocks((LOGIN, operation), (skew, -skew))
        explore(Scenario(operations, sessions=(OWN,), settings=settings_with(max_sessions_per_user=1)))


@pytest.mark.proof
@pytest.mark.parametrize("limit", [1, 2])
@pytest.mark.parametrize("skews", [(0, 0, 0), (5, 0, -5)], ids=str)
def test_three_logins_at_once_leave_no_more_sessions_than_the_limit(
    explore: Explore, limit: int, skews: tuple[int, ...]
) -> None:
    explore(parallel_logins(limit, skews, switches=2))


@pytest.mark.soak
@pytest.mark.parametrize("operations", TRIPLES, ids=named)
def test_three_operations_do_each_other_no_harm(explore: Explore, operations: Operations) -> None:
    explore(Scenario(operations))


@pytest.mark.soak
@pytest.mark.parametrize("limit", [1, 2])
@pytest.mark.parametrize("skews", [(0, 0, 0), (5, 0, -5)], ids=str)
def test_three_logins_in_every_order_leave_no_more_sessions_than_the_limit(
    explore: Explore, limit: int, skews: tuple[int, ...]
) -> None:
    explore(parallel_logins(limit, skews))
