"""What `make bench` makes of its samples: ratios turn by turn, goals with and without slack, medians."""

from collections.abc import Callable

import pytest

from bench import medians, report
from bench.chart import Panel, drawn
from bench.results import Bar, Goal, Part
from bench.rounds import ratio, take_turns


def itself(sample: float) -> float:
    return sample


def test_a_ratio_is_taken_turn_by_turn_so_that_noise_hits_both() -> None:
    # The machine was slow in the second round, and slower in the third.
    turns = {"ours": [2.0, 20.0, 60.0], "floor": [1.0, 10.0, 30.0]}

    assert ratio(turns, "ours", "floor", itself) == 2.0


def test_each_takes_its_turn_in_each_round_and_nobody_is_always_first() -> None:
    order: list[str] = []

    def contender(name: str) -> Callable[[], int]:
        def take_turn() -> int:
            order.append(name)
            return len(order)

        return take_turn

    turns = take_turns({name: contender(name) for name in ("a", "b", "c")}, rounds=3, say=lambda _: None)

    assert "".join(order) == "abcbcacababc"
    # The round of warming up does not count.
    assert turns == {"a": [6, 8, 10], "b": [4, 9, 11], "c": [5, 7, 12]}


@pytest.mark.parametrize(
    ("goal", "is_met", "holds"),
    [
        pytest.param(Goal("", 2.0, at_most=2.0), True, True, id="just met"),
        pytest.param(Goal("", 2.3, at_most=2.0), False, True, id="missed by less than the slack"),
        pytest.param(Goal("", 2.5, at_most=2.0), False, False, id="missed by more"),
        pytest.param(Goal("", 6.0, at_least=6.0), True, True, id="at least, just met"),
        pytest.param(Goal("", 5.1, at_least=6.0), False, True, id="at least, missed by less than the slack"),
        pytest.param(Goal("", 4.9, at_least=6.0), False, False, id="at least, missed by more"),
    ],
)
def test_a_goal_is_met_or_holds_with_slack(goal: Goal, *, is_met: bool, holds: bool) -> None:
    assert goal.is_met is is_met
    assert goal.holds(slack=1.2) is holds


def a_part(ours: str, ratio: float) -> Part:
    return Part(
        "Warm", ("", "us"), [("ours", ours)], [Goal("a goal", ratio, at_most=2.0)], bars=[Bar("a", ratio)]
    )


def test_of_several_runs_the_medians_are_told() -> None:
    part = medians.of_runs([a_part("1,300", 3.0), a_part("900", 1.0), a_part("1,100", 2.0)])

    assert list(report.lines(part)) == ["", "Warm; medians of 3 runs", "            us", "  ours   1,100"]
    assert list(report.goal_lines(part.goals))[-1].split() == ["a", "goal", "2.00", "<=", "2.00", "met"]
    assert part.bars == [Bar("a", 2.0)]


def test_a_chart_names_each_bar_and_its_value_and_suits_the_dark() -> None:
    svg = drawn([Panel("A <title>", "us", [Bar("ours", 100.0, is_ours=True), Bar("theirs", 1_500.0)])])

    for text in (
        "A &lt;title&gt;",
        ">ours<",
        ">theirs<",
        ">100 us<",
        ">1,500 us<",
        "prefers-color-scheme: dark",
    ):
        assert text in svg
