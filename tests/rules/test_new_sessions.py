"""How a session begins, and which of a user's sessions are too many."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.model import Client, NewIds, Session
from rescind.rules.sessions import created_after, is_live, new_session, surplus
from tests.things import ATTEMPT, NOW, SESSION_ID, TOKEN_ID, USER_ID, a_session, a_user

NOW_MS = NOW * 1000


def opened(*, idle_seconds: int, absolute_seconds: int) -> Session:
    return new_session(
        a_user(token_version=9),
        NewIds(session_id=SESSION_ID, token_id=TOKEN_ID, attempt=ATTEMPT),
        created_at_ms=NOW_MS + 5,
        client=Client(user_agent="Browser/1.0", ip="192.0.2.7"),
        idle_seconds=idle_seconds,
        absolute_seconds=absolute_seconds,
        now=NOW,
    )


def test_a_session_begins_with_the_first_token_and_the_users_version() -> None:
    assert opened(idle_seconds=5000, absolute_seconds=9000) == Session(
        user_id=USER_ID,
        session_id=SESSION_ID,
        counter=1,
        version=9,
        attempt=ATTEMPT,
        created_at_ms=NOW_MS + 5,
        rotated_at=NOW,
        last_used_at=NOW,
        idle_expires_at=NOW + 5000,
        absolute_expires_at=NOW + 9000,
        user_agent="Browser/1.0",
        ip="192.0.2.7",
        revoked_at=None,
    )


def test_a_session_never_idles_past_its_absolute_end() -> None:
    session = opened(idle_seconds=9000, absolute_seconds=5000)

    assert (session.idle_expires_at, session.absolute_expires_at) == (NOW + 5000, NOW + 5000)


@pytest.mark.parametrize(
    ("created", "begins"),
    [
        pytest.param([], NOW_MS, id="the first session"),
        pytest.param([NOW_MS - 9, NOW_MS - 5], NOW_MS, id="only older ones"),
        pytest.param([NOW_MS - 9, NOW_MS], NOW_MS + 1, id="one of the same millisecond"),
        pytest.param([NOW_MS + 700, NOW_MS + 3], NOW_MS + 701, id="one of a host whose clock is ahead"),
    ],
)
def test_a_session_begins_after_all_others_whatever_the_clocks_say(created: list[int], begins: int) -> None:
    sessions = [a_session(created_at_ms=at) for at in created]

    assert created_after(sessions, now_ms=NOW_MS) == begins


def named(session_id: str, created_at_ms: int = 0, **changes: int) -> Session:
    return a_session(session_id=session_id, created_at_ms=created_at_ms, **changes)


def ended(*sessions: Session, limit: int) -> list[str]:
    return [session.session_id for session in surplus(sessions, version=7, limit=limit, now=NOW)]


def test_the_oldest_sessions_end_first() -> None:
    sessions = [named("a", 3), named("b", 1), named("c", 4), named("d", 2)]

    assert ended(*sessions, limit=2) == ["b", "d"]


def test_sessions_of_the_same_millisecond_end_in_the_order_of_their_ids() -> None:
    assert ended(named("c"), named("a"), named("b"), limit=1) == ["a", "b"]


@pytest.mark.parametrize("limit", [3, 4, 20])
def test_as_many_sessions_as_there_may_be_are_left_alone(limit: int) -> None:
    assert ended(named("a", 1), named("b", 2), named("c", 3), limit=limit) == []


@pytest.mark.parametrize(
    "dead",
    [
        pytest.param({"revoked_at": NOW - 1}, id="ended"),
        pytest.param({"idle_expires_at": NOW}, id="past its idle end"),
        pytest.param({"absolute_expires_at": NOW}, id="past its absolute end"),
        pytest.param({"version": 6}, id="of an older version"),
        pytest.param({"version": 8}, id="of a newer version"),
    ],
)
def test_a_session_that_gives_no_tokens_takes_no_place(dead: dict[str, int]) -> None:
    sessions = [named("dead", 9, **dead), named("old", 1), named("new", 2)]

    assert ended(*sessions, limit=2) == []
    assert ended(*sessions, limit=1) == ["old"]


def age(session: Session) -> tuple[int, str]:
    return session.created_at_ms, session.session_id


@settings(deadline=None, max_examples=200)
@given(
    sessions=st.lists(
        st.builds(
            named,
            st.text("abc", min_size=1, max_size=3),
            st.integers(0, 3),
            version=st.sampled_from([6, 7, 7, 7, 8]),
            idle_expires_at=st.sampled_from([NOW, NOW + 1, NOW + 1]),
        ),
        max_size=8,
        unique_by=lambda session: session.session_id,
    ),
    limit=st.integers(1, 4),
)
def test_no_more_than_the_limit_are_left_and_none_that_is_left_is_older(
    sessions: list[Session], limit: int
) -> None:
    ends = surplus(sessions, version=7, limit=limit, now=NOW)

    live = [session for session in sessions if session.version == 7 and is_live(session, now=NOW)]
    left = [session for session in live if session not in ends]
    assert len(left) == min(limit, len(live))
    assert all(session in live for session in ends)
    assert all(
        (old.created_at_ms, old.session_id) < (new.created_at_ms, new.session_id)
        for old in ends
        for new in left
    )
