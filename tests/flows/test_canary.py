"""What the canary makes of any pattern of answers: how late a token got through, or that it is not known."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import chain, cycle, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescind.flows.canary import LATE_SECONDS, Answer, Measurement, measure
from rescind.flows.end import effective_by, stated_bound
from rescind.unavailable import UnavailableError
from tests.things import SETTINGS

START = 1000.0
ENOUGH = START + 10_000


@dataclass
class Api:
    """A token's fate by the second after the logout, and a clock that goes on with each request and pause."""

    fate: Callable[[float], Answer]
    seconds: Callable[[], float] = lambda: 0.01
    now: float = START
    asked: list[tuple[float, Answer]] = field(default_factory=list)
    """When each request was begun, after the logout, and what came of it."""

    def answer(self) -> Answer:
        begun = self.now - START
        self.asked.append((begun, self.fate(begun)))
        self.now += self.seconds()
        return self.asked[-1][1]

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def measure(self, bound: int, ends_at: float = ENOUGH) -> Measurement:
        return measure(
            self.answer, bound_seconds=bound, clock=lambda: self.now, sleep=self.sleep, ends_at=ends_at
        )

    def begun_at(self, answer: Answer) -> list[float]:
        return [begun for begun, each in self.asked if each is answer]


def dead_after(seconds: float) -> Callable[[float], Answer]:
    return lambda begun: Answer.LET_IN if begun < seconds else Answer.REFUSED


def test_a_token_that_is_dead_at_once_has_no_delay() -> None:
    api = Api(dead_after(0))

    assert api.measure(0) == Measurement(0.0, 0)
    assert len(api.asked) < 10, "that is known soon"


@pytest.mark.parametrize("bound", [7, 35, 305])
def test_a_token_that_dies_within_the_bound_is_not_late_and_the_delay_is_close(bound: int) -> None:
    api = Api(dead_after(bound - 2.5))

    measured = api.measure(bound)

    assert not measured.late
    assert bound - 2.5 - bound / 40 <= measured.delay_seconds <= bound - 2.5
    assert api.asked[-1][0] > bound, "it is asked for until the bound is over"


@pytest.mark.parametrize("bound", [0, 7, 305])
def test_a_token_that_dies_after_the_bound_is_late_and_how_late_is_told(bound: int) -> None:
    measured = Api(dead_after(bound + 12)).measure(bound)

    assert measured.late
    assert bound + 6 <= measured.delay_seconds <= bound + 12


@pytest.mark.parametrize("bound", [0, 7, 305])
def test_a_token_that_never_dies_is_late_and_not_waited_for(bound: int) -> None:
    api = Api(lambda _: Answer.LET_IN)

    assert api.measure(bound).late
    assert api.now < START + bound + LATE_SECONDS + 10


def test_one_cache_of_several_that_still_lets_in_is_seen() -> None:
    refused = repeat(Answer.REFUSED, 20)
    fates = chain(refused, [Answer.LET_IN], repeat(Answer.REFUSED))
    api = Api(lambda _: next(fates))

    measured = api.measure(7)

    assert measured.delay_seconds >= 20 * 0.2


def test_an_api_that_does_not_answer_leaves_it_unknown() -> None:
    with pytest.raises(UnavailableError):
        Api(lambda _: Answer.NONE).measure(7)


@given(
    answers=st.lists(st.sampled_from(Answer), min_size=1, max_size=80),
    durations=st.lists(st.floats(0, 20), min_size=1, max_size=20),
    bound=st.integers(0, 305),
    time_left=st.floats(-10, 400),
)
def test_any_answers_give_the_last_that_got_through_or_an_error(
    answers: list[Answer], durations: list[float], bound: int, time_left: float
) -> None:
    fates, takes = cycle(answers), cycle(durations)
    api = Api(lambda _: next(fates), seconds=lambda: next(takes))

    try:
        measured = api.measure(bound, ends_at=START + time_left)
    except UnavailableError:
        measured = None

    let_in = [max(math.ceil(begun * 1000), 1) / 1000 for begun in api.begun_at(Answer.LET_IN)]
    refused_after = [begun for begun in api.begun_at(Answer.REFUSED) if begun > bound]
    late = bool(let_in) and let_in[-1] > bound
    assert (measured is None) == (len(refused_after) < 3 and not late)
    assert measured is None or measured == Measurement(let_in[-1] if let_in else 0.0, bound)
    assert measured is None or measured.late == late
    last = min(time_left, bound + LATE_SECONDS)
    assert all(begun < last or begun == pytest.approx(last) for begun, _ in api.asked)


@given(delay=st.integers(0, 300), written_at=st.integers(0, 2_000_000_000))
def test_its_bound_is_the_one_that_the_answers_state(delay: int, written_at: int) -> None:
    settings = replace(SETTINGS, revocation_delay_seconds=delay)

    assert written_at + stated_bound(settings) == effective_by(written_at, settings=settings)
