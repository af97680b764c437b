"""Strategies 1 to 5: each alone ends a token that all others let pass; together they are the whole rule."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.model import Session, Status, User
from rescind.reasons import Reason
from rescind.rules.access_tokens import AccessTokenClaims
from rescind.verdict import Allow, Refuse, State, verdict
from tests.things import NOW, a_session, a_user, some_claims

USER = a_user()
SESSION = a_session()


def judge(
    claims: AccessTokenClaims | None = None,
    *,
    user: User | None = USER,
    session: Session | None = SESSION,
    blocked: bool = False,
    now: int = NOW,
    leeway_seconds: int = 0,
) -> Allow | Refuse:
    """The verdict on a live token, of which a test changes one thing."""
    state = State(blocked=blocked, user=user, session=session)
    return verdict(claims or some_claims(), state, now=now, leeway_seconds=leeway_seconds)


def test_a_live_token_is_allowed_for_its_user_with_its_scope() -> None:
    decision = judge()

    assert decision == Allow(some_claims(), a_user(), "orders:read orders:write")


# 1. Short expiry


def test_strategy_1_an_expired_access_token_is_refused() -> None:
    claims = some_claims(exp=NOW)

    decision = judge(claims)

    assert decision == Refuse(Reason.EXPIRED, claims)


@pytest.mark.parametrize(
    ("leeway_seconds", "last_second"),
    [
        pytest.param(0, NOW - 1, id="without leeway"),
        pytest.param(60, NOW + 59, id="with leeway"),
    ],
)
def test_strategy_1_the_last_second_is_the_one_before_exp_and_the_leeway(
    leeway_seconds: int, last_second: int
) -> None:
    claims = some_claims(exp=NOW)

    before = judge(claims, now=last_second, leeway_seconds=leeway_seconds)
    at = judge(claims, now=last_second + 1, leeway_seconds=leeway_seconds)

    assert isinstance(before, Allow)
    assert at == Refuse(Reason.EXPIRED, claims)


def test_strategy_1_an_access_token_that_expired_long_ago_is_refused() -> None:
    claims = some_claims(iat=NOW - 8000, exp=NOW - 7000)

    decision = judge(claims, user=a_user(logged_out_at=0), leeway_seconds=60)

    assert decision == Refuse(Reason.EXPIRED, claims)


# 2. Refresh tokens: the session that they renew, and its access tokens with it


def test_strategy_2_an_access_token_of_an_ended_session_is_refused() -> None:
    decision = judge(session=a_session(revoked_at=NOW))

    assert decision == Refuse(Reason.SESSION_ENDED, some_claims())


def test_strategy_2_an_access_token_of_a_session_that_is_not_there_is_refused() -> None:
    decision = judge(session=None)

    assert decision == Refuse(Reason.SESSION_UNKNOWN, some_claims())


@pytest.mark.parametrize(
    "revoked_at",
    [
        pytest.param(0, id="at second 0"),
        pytest.param(NOW + 5, id="by a host whose clock is ahead"),
    ],
)
def test_strategy_2_a_session_has_ended_whenever_that_was(revoked_at: int) -> None:
    decision = judge(session=a_session(revoked_at=revoked_at))

    assert decision == Refuse(Reason.SESSION_ENDED, some_claims())


def test_strategy_2_the_ends_of_a_session_are_in_its_tokens_exp_and_not_asked_again() -> None:
    decision = judge(session=a_session(idle_expires_at=NOW - 1, absolute_expires_at=NOW - 1))

    assert isinstance(decision, Allow)


# 3. Blocklist


def test_strategy_3_a_blocklisted_access_token_is_refused() -> None:
    decision = judge(blocked=True)

    assert decision == Refuse(Reason.BLOCKLISTED, some_claims())


# 4. Token version


def test_strategy_4_an_access_token_of_an_older_version_is_refused() -> None:
    decision = judge(user=a_user(token_version=8))

    assert decision == Refuse(Reason.TOKEN_VERSION, some_claims())


def test_strategy_4_an_access_token_of_a_version_to_come_is_refused() -> None:
    decision = judge(user=a_user(token_version=6))

    assert decision == Refuse(Reason.TOKEN_VERSION, some_claims())


def test_strategy_4_an_access_token_of_a_deleted_user_is_refused() -> None:
    decision = judge(user=None)

    assert decision == Refuse(Reason.USER_UNKNOWN, some_claims())


# 5. Logout time, and the flag


def test_strategy_5_an_access_token_from_before_the_logout_time_is_refused() -> None:
    claims = some_claims(iat=NOW - 100)

    decision = judge(claims, user=a_user(logged_out_at=NOW - 99))

    assert decision == Refuse(Reason.LOGGED_OUT, claims)


def test_strategy_5_an_access_token_of_the_second_of_the_logout_is_allowed() -> None:
    decision = judge(some_claims(iat=NOW - 100), user=a_user(logged_out_at=NOW - 100))

    assert isinstance(decision, Allow)


def test_strategy_5_an_access_token_of_a_disabled_user_is_refused() -> None:
    decision = judge(user=a_user(status=Status.DISABLED))

    assert decision == Refuse(Reason.USER_DISABLED, some_claims())


# What is allowed


@pytest.mark.parametrize(
    ("of_token", "of_user", "left"),
    [
        pytest.param("a b c", "c a", "a c", id="one taken away"),
        pytest.param("a", "a b", "a", id="one granted since"),
        pytest.param("a b", "", "", id="all taken away"),
        pytest.param("", "a", "", id="none asked for"),
        pytest.param("order", "orders", "", id="a name within another"),
        pytest.param("A", "a", "", id="another case"),
    ],
)
def test_the_scope_is_cut_down_to_what_the_user_still_has(of_token: str, of_user: str, left: str) -> None:
    decision = judge(some_claims(scope=of_token), user=a_user(scope=of_user))

    assert isinstance(decision, Allow)
    assert decision.scope == left


# Small numbers, so that every case and every very second comes up.
FEW = st.integers(-2, 2)
USERS = st.none() | st.builds(
    lambda version, logged_out, status: a_user(
        token_version=7 + version, logged_out_at=NOW - 100 + logged_out, status=status
    ),
    st.sampled_from([0, 0, -1, 1]),
    FEW,
    st.sampled_from(Status),
)
SESSIONS = st.none() | st.builds(
    lambda revoked_at: a_session(revoked_at=revoked_at), st.none() | st.just(NOW - 1)
)


@settings(deadline=None, max_examples=400)
@given(
    issued=FEW,
    expires=FEW,
    blocked=st.booleans(),
    user=USERS,
    session=SESSIONS,
    leeway_seconds=st.integers(0, 2),
)
def test_a_token_is_allowed_when_no_strategy_ends_it_and_only_then(
    *,
    issued: int,
    expires: int,
    blocked: bool,
    user: User | None,
    session: Session | None,
    leeway_seconds: int,
) -> None:
    claims = some_claims(iat=NOW - 100 + issued, exp=NOW + expires)
    live = (
        claims.exp + leeway_seconds > NOW
        and (session is not None and session.revoked_at is None)
        and not blocked
        and (user is not None and user.token_version == claims.ver)
        and (user.logged_out_at <= claims.iat and user.status == "active")
    )

    decision = judge(claims, user=user, session=session, blocked=blocked, leeway_seconds=leeway_seconds)

    assert isinstance(decision, Allow) == live
    assert decision.claims == claims
