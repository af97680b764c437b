"""Rescind is as fast as docs/performance.md says, beside what is measured with it in the same minute.

Ratios only, and with slack: what the machine does besides hits all that takes turns. A goal that is missed
here was lost by a change, and not by a neighbour.
"""

import importlib
from collections.abc import Callable

import pytest

from bench.places import PYTHON, MissingError
from bench.results import Goal, Part

pytestmark = pytest.mark.soak

SLACK = 1.2


@pytest.fixture
def measured(say: Callable[[str], None]) -> Callable[..., Part]:
    if not PYTHON.exists():
        pytest.skip("There is nothing to measure beside: make bench installs it.")

    def measure(part: str, **options: int) -> Part:
        try:
            measured: Part = importlib.import_module(f"bench.{part}").measure(lambda _: None, **options)
        except MissingError as error:
            pytest.skip(str(error))
        for goal in measured.goals:
            say(f"{goal.name}: {goal.ratio:.2f} ({goal.wanted})")
        return measured

    return measure


def missed(part: Part) -> list[Goal]:
    return [goal for goal in part.goals if not goal.holds(slack=SLACK)]


def test_a_warm_decision_is_near_the_floor_and_far_from_a_naive_one(measured: Callable[..., Part]) -> None:
    part = measured("warm", rounds=9)

    assert len(part.goals) == 2
    assert missed(part) == []


def test_a_decision_by_the_feed_takes_little_more_than_its_signature(measured: Callable[..., Part]) -> None:
    part = measured("feed", rounds=9)

    assert len(part.goals) == 1
    assert missed(part) == []


def test_a_cold_authorizer_decides_long_before_a_naive_one(measured: Callable[..., Part]) -> None:
    part = measured("cold", rounds=7, emulated_rounds=0)

    assert len(part.goals) == 1
    assert missed(part) == []


def test_a_cold_login_refresh_or_logout_answers_before_a_naive_one(measured: Callable[..., Part]) -> None:
    part = measured("cold_routes", rounds=5)

    assert len(part.goals) == 3
    assert missed(part) == []
