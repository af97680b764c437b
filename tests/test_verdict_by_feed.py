"""The verdict of feed mode: each reason by example, the rest of it by property; and never by a time alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescind.reasons import Reason
from rescind.rules.remembered import Remembered
from rescind.rules.revocations import (
    Revocation,
    ScopeChanged,
    SessionEnded,
    TokenBlocked,
    TokensEnded,
    UserGone,
)
from rescind.verdict import AllowByFeed, Refuse
from rescind.verdict_by_feed import verdict_by_feed
from tests.things import NOW, SESSION_ID, TOKEN_ID, USER_ID, some_claims

OTHER_USER = "usr_" + "o" * 21 + "A"
OTHER_SESSION = "ses_" + "o" * 21 + "A"
OTHER_TOKEN = "tok_" + "o" * 21 + "A"


def decide(*revocations: Revocation, now: int = NOW, leeway: int = 0, **claims: Any) -> AllowByFeed | Refuse:
    remembered = Remembered()
    remembered.learn((NOW, revocation) for revocation in revocations)
    return verdict_by_feed(some_claims(**claims), remembered, now=now, leeway_seconds=leeway)


def test_a_token_of_which_nothing_was_announced_is_good() -> None:
    assert decide() == AllowByFeed(some_claims(), "orders:read orders:write")


@pytest.mark.parametrize(
    ("revocation", "reason"),
    [
        pytest.param(SessionEnded(USER_ID, SESSION_ID), Reason.SESSION_ENDED, id="its-session"),
        pytest.param(TokenBlocked(TOKEN_ID, NOW + 800), Reason.BLOCKLISTED, id="the-token"),
        pytest.param(TokensEnded(USER_ID, 8, NOW), Reason.TOKEN_VERSION, id="everything"),
        pytest.param(UserGone(USER_ID), Reason.USER_UNKNOWN, id="its-user"),
    ],
)
def test_what_was_taken_back_is_refused_with_the_reason_of_strict_mode(
    revocation: Revocation, reason: Reason
) -> None:
    assert decide(revocation) == Refuse(reason, some_claims())


@pytest.mark.parametrize(
    "revocation",
    [
        SessionEnded(USER_ID, OTHER_SESSION),
        TokenBlocked(OTHER_TOKEN, NOW + 800),
        TokensEnded(OTHER_USER, 8, NOW),
        UserGone(OTHER_USER),
        ScopeChanged(OTHER_USER, "", 9),
    ],
    ids=lambda revocation: type(revocation).__name__,
)
def test_what_is_anothers_refuses_nobody_else(revocation: Revocation) -> None:
    assert decide(revocation) == decide()


@pytest.mark.parametrize(
    ("seconds", "leeway", "is_good"),
    [(799, 0, True), (800, 0, False), (859, 60, True), (860, 60, False)],
)
def test_its_last_second_is_the_one_before_exp(seconds: int, leeway: int, *, is_good: bool) -> None:
    decision = decide(now=NOW + seconds, leeway=leeway)

    assert isinstance(decision, AllowByFeed) == is_good
    assert is_good or decision == Refuse(Reason.EXPIRED, some_claims())


@pytest.mark.parametrize("iat", [NOW - 3000, NOW, NOW + 59])
def test_a_token_of_an_ended_session_is_refused_whenever_it_was_issued(iat: int) -> None:
    decision = decide(SessionEnded(USER_ID, SESSION_ID), iat=iat, exp=iat + 3600)

    assert isinstance(decision, Refuse)


@pytest.mark.parametrize("version", [8, 9])
def test_a_token_of_a_new_version_is_good_though_its_time_lies_before(version: int) -> None:
    # Whoever logs in right after they were logged out everywhere, on a host with a slow clock.
    assert isinstance(decide(TokensEnded(USER_ID, 8, NOW), ver=version, iat=NOW - 20), AllowByFeed)


def test_a_time_alone_refuses_nothing() -> None:
    assert isinstance(decide(TokensEnded(USER_ID, 7, NOW + 50), iat=NOW - 100), AllowByFeed)


@pytest.mark.parametrize(
    ("granted", "scope"),
    [
        ("orders:write", "orders:write"),
        ("orders:write orders:read admin", "orders:read orders:write"),
        ("", ""),
    ],
)
def test_a_scope_that_was_taken_away_is_gone_and_none_is_added(granted: str, scope: str) -> None:
    assert decide(ScopeChanged(USER_ID, granted, 6)) == AllowByFeed(some_claims(), scope)


REVOCATIONS = st.lists(
    st.sampled_from(
        [
            SessionEnded(USER_ID, SESSION_ID),
            SessionEnded(USER_ID, OTHER_SESSION),
            TokenBlocked(TOKEN_ID, NOW + 800),
            TokenBlocked(OTHER_TOKEN, NOW + 800),
            TokensEnded(USER_ID, 7, NOW),
            TokensEnded(USER_ID, 8, NOW),
            UserGone(USER_ID),
            UserGone(OTHER_USER),
            ScopeChanged(USER_ID, "", 6),
        ]
    )
)


@given(revocations=REVOCATIONS, version=st.integers(6, 9), now=st.integers(NOW + 790, NOW + 810))
def test_it_is_let_through_exactly_if_nothing_refuses(
    revocations: list[Revocation], version: int, now: int
) -> None:
    decision = decide(*revocations, now=now, ver=version)

    lowest = max((each.token_version for each in revocations if isinstance(each, TokensEnded)), default=0)
    is_good = (
        now < NOW + 800
        and SessionEnded(USER_ID, SESSION_ID) not in revocations
        and TokenBlocked(TOKEN_ID, NOW + 800) not in revocations
        and UserGone(USER_ID) not in revocations
        and version >= lowest
    )
    assert isinstance(decision, AllowByFeed) == is_good
