"""Whose tokens have ended since a run began: for all clocks that lie at most 10 s apart."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rescind.rules.everyone import has_ended_since
from rescind.rules.sessions import CLOCK_SKEW_SECONDS
from tests.things import NOW, a_user


@pytest.mark.parametrize(
    ("logged_out_at", "ended"),
    [
        pytest.param(0, False, id="never"),
        pytest.param(NOW, False, id="in-that-second"),
        pytest.param(NOW + 9, False, id="perhaps-before-by-another-clock"),
        pytest.param(NOW + 10, True, id="after-by-every-clock"),
        pytest.param(NOW + 110, True, id="just-now-by-a-clock-that-is-ahead"),
        pytest.param(NOW + 111, False, id="at-a-time-that-no-clock-has-seen"),
    ],
)
def test_a_user_has_ended_when_every_clock_says_so(logged_out_at: int, *, ended: bool) -> None:
    assert has_ended_since(a_user(logged_out_at=logged_out_at), since=NOW, now=NOW + 100) is ended


clocks = st.floats(-CLOCK_SKEW_SECONDS / 2, CLOCK_SKEW_SECONDS / 2)
moments = st.floats(-30, 30)


@given(run=clocks, other=clocks, began=moments, logged_out=moments)
@example(run=-5.0, other=5.0, began=0.0, logged_out=0.0)
@example(run=-5.0, other=5.0, began=0.99, logged_out=0.0)
def test_who_is_left_alone_was_ended_when_the_run_had_begun(
    run: float, other: float, began: float, logged_out: float
) -> None:
    """`run` and `other` are how far the clocks of the two hosts are off."""
    since = int(NOW + began + run)
    row = a_user(logged_out_at=int(NOW + logged_out + other))

    if has_ended_since(row, since=since, now=NOW + 100):
        assert NOW + logged_out + run >= since


def test_a_second_less_would_leave_somebody_in() -> None:
    """Ended half a second before the run by a clock that is ahead; whoever logged in between would stay."""
    since, logged_out = NOW, NOW - 0.5
    written = int(logged_out + CLOCK_SKEW_SECONDS)

    assert written == since + CLOCK_SKEW_SECONDS - 1
    assert not has_ended_since(a_user(logged_out_at=written), since=since, now=NOW + 100)
