"""What each function writes down of what it did, and to whom."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.functions.audited import Audit
from tests.functions.conftest import Stack, recorded
from tests.things import MAC_KEY, PASSWORD, TOKEN_ID, USER_ID

ADMIN = USER_ID  # the caller of the recorded event


@pytest.fixture
def audit(written: Callable[[], str]) -> Audit:
    return Audit(written)


@pytest.fixture
def tokens(stack: Stack, audit: Audit) -> dict[str, Any]:
    """Of a login that has been written down already."""
    tokens = stack.log_in()
    audit.since()
    return tokens


def refresh(stack: Stack, refresh_token: str) -> int:
    return stack.answer("refresh", recorded("refresh", body={"refresh_token": refresh_token})).status


def revoke(stack: Stack, body: dict[str, str]) -> None:
    event = recorded("admin", body=body) | {"resource": "/admin/tokens/revoke"}
    assert stack.answer("admin", event).status == 200


def event_of(message: str, tokens: dict[str, Any], **more: str) -> dict[str, str]:
    return {"message": message, **more, "user_id": USER_ID, "session_id": tokens["session_id"]}


def test_a_login_is_written_down(stack: Stack, audit: Audit) -> None:
    tokens = stack.log_in()

    assert audit.since() == [event_of("Login", tokens)]


@pytest.mark.parametrize(
    ("body", "event"),
    [
        pytest.param(
            {"username": "ada", "password": "guess"},
            {"reason": "wrong_password", "user_id": USER_ID},
            id="wrong-password",
        ),
        pytest.param(
            {"username": "eve", "password": PASSWORD}, {"reason": "user_unknown"}, id="unknown-user"
        ),
    ],
)
def test_a_refused_login_is_written_down_with_its_reason(
    stack: Stack, audit: Audit, body: dict[str, str], event: dict[str, str]
) -> None:
    stack.answer("login", recorded("login", body=body))

    assert audit.since() == [{"message": "LoginRefused", **event}]


def test_a_refresh_and_its_replay_are_written_down_apart(
    stack: Stack, audit: Audit, tokens: dict[str, Any]
) -> None:
    assert refresh(stack, tokens["refresh_token"]) == 200
    assert refresh(stack, tokens["refresh_token"]) == 200

    assert audit.since() == [event_of("Refresh", tokens), event_of("RefreshReplayed", tokens)]


def test_reuse_is_written_down_once_and_the_refusals_after_it_as_such(
    stack: Stack, audit: Audit, tokens: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFRESH_GRACE_SECONDS", "0")
    stack.forget_wiring()
    refresh(stack, tokens["refresh_token"])

    assert refresh(stack, tokens["refresh_token"]) == 401
    assert refresh(stack, tokens["refresh_token"]) == 401

    assert audit.since() == [
        event_of("Refresh", tokens),
        event_of("ReuseDetected", tokens, reason="reused"),
        event_of("RefreshRefused", tokens, reason="session_ended"),
    ]


def test_a_forged_refresh_token_names_nobody(stack: Stack, audit: Audit, tokens: dict[str, Any]) -> None:
    refresh(stack, tokens["refresh_token"][:-43] + "A" * 43)

    assert audit.since() == [{"message": "RefreshRefused", "reason": "bad_signature"}]
    assert MAC_KEY.key_id in tokens["refresh_token"]


def test_a_logout_is_written_down(stack: Stack, audit: Audit, tokens: dict[str, Any]) -> None:
    stack.answer("logout", recorded("logout", body={"refresh_token": tokens["refresh_token"]}))

    assert audit.since() == [event_of("SessionRevoked", tokens)]


def test_a_logout_of_two_sessions_is_written_down_for_each(
    stack: Stack, audit: Audit, tokens: dict[str, Any]
) -> None:
    other = stack.log_in()
    audit.since()
    bearer = {"Authorization": f"Bearer {other['access_token']}"}

    body = {"refresh_token": tokens["refresh_token"]}
    stack.answer("logout", recorded("logout", body=body, headers=bearer))

    revoked = audit.since()
    assert len(revoked) == 2
    assert all(event in revoked for event in (event_of("SessionRevoked", each) for each in (tokens, other)))


def test_a_logout_everywhere_is_written_down_of_the_user(
    stack: Stack, audit: Audit, tokens: dict[str, Any]
) -> None:
    body = {"refresh_token": tokens["refresh_token"], "everywhere": True}
    stack.answer("logout", recorded("logout", body=body))

    assert audit.since() == [{"message": "UserRevoked", "user_id": USER_ID}]


def test_a_logout_that_ends_nothing_is_no_event(stack: Stack, audit: Audit) -> None:
    stack.answer("logout", recorded("logout"))

    assert audit.since() == []


def test_an_admins_revocations_are_written_down_with_the_admin(
    stack: Stack, audit: Audit, tokens: dict[str, Any]
) -> None:
    revoke(stack, {"token_id": TOKEN_ID})
    revoke(stack, {"token": tokens["refresh_token"]})
    revoke(stack, {"token": "garbage"})

    assert audit.since() == [
        {"message": "TokenRevoked", "token_id": TOKEN_ID, "actor": ADMIN},
        event_of("SessionRevoked", tokens, actor=ADMIN),
    ]


@pytest.mark.parametrize(
    ("method", "what", "message"),
    [
        ("POST", "/revoke", "UserRevoked"),
        ("POST", "/disable", "UserDisabled"),
        ("POST", "/enable", "UserEnabled"),
        ("POST", "/password", "PasswordSet"),
        ("PATCH", "", "UserChanged"),
    ],
)
def test_what_an_admin_does_to_a_user_is_written_down_with_the_admin(
    stack: Stack, audit: Audit, method: str, what: str, message: str
) -> None:
    event = {"httpMethod": method, "resource": f"/admin/users/{{user_id}}{what}"}
    stack.answer("admin", recorded("admin") | event | {"pathParameters": {"user_id": USER_ID}})

    assert audit.since() == [{"message": message, "user_id": USER_ID, "actor": ADMIN}]
