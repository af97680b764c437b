"""What a presented refresh token leads to, row by row of the decision table and then all at once."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.model import Session, Status, User
from rescind.reasons import Reason
from rescind.rules.sessions import (
    EndSession,
    RefreshDecision,
    Refuse,
    Replay,
    Rotate,
    TryAgain,
    decide_refresh,
    refusal,
)
from tests.things import ATTEMPT, NOW, a_session, a_user

GRACE_SECONDS = 30
USER = a_user()


def decide(user: User | None, session: Session | None, **changes: Any) -> RefreshDecision:
    """The decision on a presented token of counter 4, 30 s of grace."""
    arguments: dict[str, Any] = {
        "presented": 4,
        "attempt": ATTEMPT,
        "grace_seconds": GRACE_SECONDS,
        "now": NOW,
        **changes,
    }
    return decide_refresh(user, session, **arguments)


def test_the_current_refresh_token_rotates_its_session() -> None:
    session = a_session(counter=4)

    assert decide(USER, session) == Rotate(USER, session)


def test_a_token_used_a_moment_ago_gets_the_same_successor_again() -> None:
    session = a_session(counter=5, rotated_at=NOW - 1)

    assert decide(USER, session) == Replay(USER, session)


def test_a_used_refresh_token_ends_the_session() -> None:
    session = a_session(counter=5, rotated_at=NOW - 1000)

    assert decide(USER, session) == EndSession(Reason.REUSED, session)


def test_a_token_whose_successor_was_used_too_ends_the_session_even_within_the_grace() -> None:
    session = a_session(counter=6, rotated_at=NOW)

    assert decide(USER, session) == EndSession(Reason.REUSED, session)


@pytest.mark.parametrize("repeated", [False, True], ids=["first write", "repeated write"])
def test_a_counter_behind_the_presented_one_ends_the_session_with_a_reason_of_its_own(
    *, repeated: bool
) -> None:
    session = a_session(counter=3, rotated_at=NOW)

    assert decide(USER, session, repeated=repeated) == EndSession(Reason.COUNTER_BEHIND, session)


@pytest.mark.parametrize("repeated", [False, True], ids=["first write", "repeated write"])
def test_our_own_write_whose_answer_was_lost_has_succeeded(*, repeated: bool) -> None:
    session = a_session(counter=5, attempt=ATTEMPT, rotated_at=NOW)

    assert decide(USER, session, repeated=repeated) == Replay(USER, session)


def test_our_own_write_has_succeeded_without_any_grace() -> None:
    session = a_session(counter=5, attempt=ATTEMPT, rotated_at=NOW)

    assert decide(USER, session, grace_seconds=0) == Replay(USER, session)


@pytest.mark.parametrize("other", ["att_" + "A" * 22, "att_" + "z" * 21 + "A"], ids=["before", "after"])
def test_the_write_of_another_request_is_not_ours_wherever_its_id_sorts(other: str) -> None:
    session = a_session(counter=6, attempt=other, rotated_at=NOW)

    assert decide(USER, session) == EndSession(Reason.REUSED, session)


def test_what_looks_like_reuse_after_the_sdk_repeated_our_write_ends_nothing() -> None:
    session = a_session(counter=6, rotated_at=NOW)

    assert decide(USER, session, repeated=True) == TryAgain()


def test_our_own_write_is_worth_nothing_when_the_session_has_ended_since() -> None:
    session = a_session(counter=5, attempt=ATTEMPT, revoked_at=NOW)

    assert decide(USER, session) == Refuse(Reason.SESSION_ENDED)


@pytest.mark.parametrize(
    ("grace_seconds", "age", "inside"),
    [
        pytest.param(30, 40, True, id="its last second, the clocks' 10 s included"),
        pytest.param(30, 41, False, id="a second later"),
        pytest.param(30, -7, True, id="rotated by a host whose clock is ahead"),
        pytest.param(1, 11, True, id="the shortest grace"),
        pytest.param(600, 610, True, id="the longest grace"),
        pytest.param(600, 611, False, id="later than the longest grace"),
        pytest.param(0, 0, False, id="turned off, in the same second"),
        pytest.param(0, -7, False, id="turned off, with a clock ahead"),
    ],
)
def test_the_grace_counts_from_the_rotation(grace_seconds: int, age: int, *, inside: bool) -> None:
    session = a_session(counter=5, rotated_at=NOW - age)

    decision = decide(USER, session, grace_seconds=grace_seconds)

    assert decision == (Replay(USER, session) if inside else EndSession(Reason.REUSED, session))


def test_the_grace_does_not_slide_with_use() -> None:
    session = a_session(counter=5, rotated_at=NOW - 41, last_used_at=NOW)

    assert decide(USER, session) == EndSession(Reason.REUSED, session)


DEAD: dict[str, tuple[User | None, Session | None, Reason]] = {
    "no user": (None, a_session(), Reason.USER_UNKNOWN),
    "a disabled user": (a_user(status=Status.DISABLED), a_session(), Reason.USER_DISABLED),
    "no session": (USER, None, Reason.SESSION_UNKNOWN),
    "an ended session": (USER, a_session(revoked_at=NOW), Reason.SESSION_ENDED),
    "a session ended at second 0": (USER, a_session(revoked_at=0), Reason.SESSION_ENDED),
    "the idle end": (USER, a_session(idle_expires_at=NOW), Reason.EXPIRED),
    "long past the idle end": (USER, a_session(idle_expires_at=NOW - 9000), Reason.EXPIRED),
    "long past the absolute end": (USER, a_session(absolute_expires_at=NOW - 9000), Reason.EXPIRED),
    "the absolute end": (USER, a_session(absolute_expires_at=NOW), Reason.EXPIRED),
    "a version raised": (a_user(token_version=8), a_session(), Reason.TOKEN_VERSION),
    "a version to come": (a_user(token_version=6), a_session(), Reason.TOKEN_VERSION),
    "neither user nor session": (None, None, Reason.USER_UNKNOWN),
}


@pytest.mark.parametrize(
    ("user", "session", "reason"), [pytest.param(*case, id=name) for name, case in DEAD.items()]
)
@pytest.mark.parametrize("presented", [1, 3, 4, 5])
def test_a_dead_session_refuses_every_token_without_alarm(
    user: User | None, session: Session | None, reason: Reason, presented: int
) -> None:
    assert refusal(user, session, now=NOW) is reason
    assert decide(user, session, presented=presented) == Refuse(reason)


@pytest.mark.parametrize(
    "session",
    [
        pytest.param(a_session(), id="plain"),
        pytest.param(a_session(idle_expires_at=NOW + 1), id="in its last idle second"),
        pytest.param(a_session(absolute_expires_at=NOW + 1), id="in its very last second"),
    ],
)
def test_a_live_session_is_not_refused(session: Session) -> None:
    assert refusal(USER, session, now=NOW) is None


USERS = st.none() | st.builds(
    lambda version, status: a_user(token_version=version, status=status),
    st.sampled_from([7, 7, 7, 8]),
    st.sampled_from([Status.ACTIVE, Status.ACTIVE, Status.DISABLED]),
)
SESSIONS = st.none() | st.builds(
    a_session,
    counter=st.integers(2, 6),
    attempt=st.sampled_from([ATTEMPT, *["att_" + "b" * 21 + "A"] * 3]),
    rotated_at=st.integers(-5, 50).map(lambda age: NOW - age),
    last_used_at=st.just(NOW),
    idle_expires_at=st.sampled_from([NOW, NOW + 1, NOW + 1000, NOW + 1000]),
    absolute_expires_at=st.sampled_from([NOW, NOW + 1, NOW + 1000, NOW + 1000]),
    revoked_at=st.sampled_from([None, None, None, NOW]),
)


@settings(deadline=None, max_examples=1000)
@given(user=USERS, session=SESSIONS, grace_seconds=st.sampled_from([0, 1, 30]), repeated=st.booleans())
def test_the_first_row_of_the_table_that_fits_decides(
    *, user: User | None, session: Session | None, grace_seconds: int, repeated: bool
) -> None:
    decision = decide(user, session, grace_seconds=grace_seconds, repeated=repeated)

    if user is None or user.status == "disabled" or session is None:
        assert isinstance(decision, Refuse)
        return
    ended = session.revoked_at is not None or user.token_version != session.version
    expired = session.idle_expires_at <= NOW or session.absolute_expires_at <= NOW
    ahead, age = session.counter - 4, NOW - session.rotated_at
    rows: list[tuple[bool, RefreshDecision]] = [
        (ended or expired, Refuse(refusal(user, session, now=NOW) or Reason.EXPIRED)),
        (session.attempt == ATTEMPT, Replay(user, session)),
        (ahead == 0, Rotate(user, session)),
        (ahead == 1 and grace_seconds != 0 and age <= grace_seconds + 10, Replay(user, session)),
        (ahead < 0, EndSession(Reason.COUNTER_BEHIND, session)),
        (repeated, TryAgain()),
        (True, EndSession(Reason.REUSED, session)),
    ]
    assert decision == next(expected for fits, expected in rows if fits)
