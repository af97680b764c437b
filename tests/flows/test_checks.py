"""The checks that are shown are those that decide: the first that does not pass is the reason."""

from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.flows.checks import Check, checks_of_access_token, checks_of_refresh_token
from rescind.model import BlockedToken, Session, Status, User
from rescind.reasons import Reason
from rescind.rules.refresh_tokens import RefreshToken
from rescind.rules.sessions import EndSession, Refuse, Replay, Rotate, decide_refresh
from rescind.verdict import Allow, State, verdict
from tests.things import MAC_KEY, NOW, SESSION_ID, TOKEN_ID, USER_ID, a_session, a_user, some_claims

FEW = st.integers(-2, 2)
USERS = st.none() | st.builds(
    lambda version, logged_out, status: a_user(
        token_version=7 + version, logged_out_at=NOW - 100 + logged_out, status=status
    ),
    st.sampled_from([0, 0, -1, 1]),
    FEW,
    st.sampled_from([Status.ACTIVE, Status.ACTIVE, Status.DISABLED]),
)
SESSIONS = st.none() | st.builds(
    a_session,
    counter=st.integers(2, 6),
    rotated_at=st.integers(-5, 50).map(lambda age: NOW - age),
    idle_expires_at=st.sampled_from([NOW, NOW + 1, NOW + 1000, NOW + 1000]),
    absolute_expires_at=st.sampled_from([NOW, NOW + 1, NOW + 1000, NOW + 1000]),
    revoked_at=st.sampled_from([None, None, None, 0, NOW]),
)
ENTRY = BlockedToken(TOKEN_ID, USER_ID, "stolen laptop", NOW - 9, NOW + 900)


def first_reason(checks: list[Check]) -> Reason | None:
    return next((check.reason for check in checks if not check.passes), None)


@settings(deadline=None, max_examples=500)
@given(
    issued=FEW,
    expires=FEW,
    blocked=st.booleans(),
    user=USERS,
    session=SESSIONS,
    leeway_seconds=st.integers(0, 2),
)
def test_the_first_check_that_an_access_token_does_not_pass_is_the_verdicts_reason(
    *,
    issued: int,
    expires: int,
    blocked: bool,
    user: User | None,
    session: Session | None,
    leeway_seconds: int,
) -> None:
    claims = some_claims(iat=NOW - 100 + issued, exp=NOW + expires)
    state = State(blocked=blocked, user=user, session=session)

    decision = verdict(claims, state, now=NOW, leeway_seconds=leeway_seconds)

    for entry in (ENTRY, None):
        checks = list(checks_of_access_token(claims, state, entry, now=NOW, leeway_seconds=leeway_seconds))
        assert first_reason(checks) == (None if isinstance(decision, Allow) else decision.reason)
        assert len({check.name for check in checks}) == len(checks)


@settings(deadline=None, max_examples=1000)
@given(
    user=USERS,
    session=SESSIONS,
    presented=st.integers(1, 7),
    grace_seconds=st.sampled_from([0, 1, 30]),
)
def test_the_first_check_that_a_refresh_token_does_not_pass_is_the_reason_of_the_decision(
    *, user: User | None, session: Session | None, presented: int, grace_seconds: int
) -> None:
    token = RefreshToken(MAC_KEY.key_id, USER_ID, SESSION_ID, presented)

    decision = decide_refresh(
        user, session, presented=presented, attempt="", grace_seconds=grace_seconds, now=NOW
    )

    checks = list(checks_of_refresh_token(token, user, session, grace_seconds=grace_seconds, now=NOW))
    match decision:
        case Refuse(reason) | EndSession(reason, _):
            assert first_reason(checks) is reason
        case _:
            assert isinstance(decision, Rotate | Replay)
            assert first_reason(checks) is None
    assert len({check.name for check in checks}) == len(checks)


def told(checks: list[Check]) -> list[tuple[str, object, object]]:
    return [(check.name, check.claimed, check.stored) for check in checks]


def test_an_access_tokens_checks_are_told_with_what_is_claimed_and_what_is_stored() -> None:
    state = State(blocked=True, user=a_user(token_version=8), session=a_session(revoked_at=NOW - 5))

    checks = list(checks_of_access_token(some_claims(), state, ENTRY, now=NOW, leeway_seconds=0))

    assert told(checks) == [
        ("expiry", NOW + 800, None),
        ("session", SESSION_ID, {"created_at": NOW - 500, "last_used_at": NOW - 100}),
        ("session_end", None, NOW - 5),
        ("blocklist", TOKEN_ID, {"reason": "stolen laptop", "blocked_at": NOW - 9}),
        ("user", USER_ID, {"username": "ada"}),
        ("token_version", 7, 8),
        ("logout_time", NOW - 100, NOW - 1000),
        ("status", None, "active"),
    ]
    assert [check.name for check in checks if not check.passes] == [
        "session_end",
        "blocklist",
        "token_version",
    ]


def test_a_leeway_is_told() -> None:
    state = State(blocked=False, user=a_user(), session=a_session())

    [expiry, *_] = checks_of_access_token(some_claims(exp=NOW), state, None, now=NOW, leeway_seconds=5)

    assert (expiry.passes, expiry.stored) == (True, {"leeway_seconds": 5})


def test_of_rows_that_are_not_there_nothing_more_is_told() -> None:
    state = State(blocked=False, user=None, session=None)

    checks = checks_of_access_token(some_claims(), state, None, now=NOW, leeway_seconds=0)

    assert told(list(checks)) == [
        ("expiry", NOW + 800, None),
        ("session", SESSION_ID, None),
        ("blocklist", TOKEN_ID, None),
        ("user", USER_ID, None),
    ]


def test_a_refresh_tokens_checks_are_told_with_what_is_claimed_and_what_is_stored() -> None:
    token = RefreshToken(MAC_KEY.key_id, USER_ID, SESSION_ID, 3)

    checks = list(checks_of_refresh_token(token, a_user(), a_session(), grace_seconds=30, now=NOW))

    assert told(checks) == [
        ("user", USER_ID, {"username": "ada"}),
        ("status", None, "active"),
        ("session", SESSION_ID, {"created_at": NOW - 500, "last_used_at": NOW - 100}),
        ("session_end", None, None),
        ("session_expiry", None, {"idle": NOW + 604_700, "absolute": NOW + 2_591_500}),
        ("token_version", 7, 7),
        ("counter", 3, {"counter": 4, "rotated_at": NOW - 100}),
    ]
    assert [check.name for check in checks if not check.passes] == ["counter"]
