"""What clients of the two standards get, and what is written down beside it."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from rescind.flows import end
from rescind.model import BlockedToken
from rescind.reasons import Reason
from rescind.rules.access_tokens import SigningKey, sign_access_token
from tests.functions.conftest import Answer, Stack, recorded
from tests.things import NOW, SETTINGS, SIGNING_KEY, TOKEN_ID, USER_ID, some_claims

OTHER_KEY = ec.derive_private_key(20_261_124, ec.SECP256R1())


def revoke(stack: Stack, token: str, **more: str) -> Answer:
    return stack.answer("oauth", recorded("oauth", body={"token": token, **more}))


def introspect(stack: Stack, token: str, **more: str) -> Answer:
    return stack.answer("oauth", recorded("oauth-introspect", body={"token": token, **more}))


def is_live(stack: Stack, tokens: dict[str, Any]) -> bool:
    active: bool = introspect(stack, tokens["access_token"]).body["active"]
    return active


def refreshes(stack: Stack, tokens: dict[str, Any]) -> bool:
    event = recorded("refresh", body={"refresh_token": tokens["refresh_token"]})
    return stack.answer("refresh", event).status == 200


def lines_of(log: str, message: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log.splitlines()]
    return [line for line in lines if line.get("message") == message]


# Revocation


@pytest.mark.parametrize("hint", ["refresh_token", "access_token", "nonsense", ""])
def test_a_refresh_token_ends_its_session_whatever_the_hint(stack: Stack, hint: str) -> None:
    tokens, other = stack.log_in(), stack.log_in()

    revoke(stack, tokens["refresh_token"], token_type_hint=hint)

    assert not refreshes(stack, tokens)
    assert not is_live(stack, tokens)
    assert is_live(stack, other)


@pytest.mark.parametrize("hint", ["access_token", "refresh_token"])
def test_an_access_token_ends_alone_whatever_the_hint(stack: Stack, hint: str) -> None:
    tokens = stack.log_in()

    revoke(stack, tokens["access_token"], token_type_hint=hint)

    assert not is_live(stack, tokens)
    assert refreshes(stack, tokens)


def test_a_forged_mac_ends_nobodys_session(stack: Stack) -> None:
    tokens = stack.log_in()

    revoke(stack, tokens["refresh_token"][:-43] + "A" * 43)

    assert is_live(stack, tokens)
    assert refreshes(stack, tokens)


def test_every_token_gets_the_same_answer(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.oauth.app.effective_by", lambda *_, **__: 1)
    tokens, other = stack.log_in(), stack.log_in()
    used = tokens["refresh_token"]
    stack.answer("refresh", recorded("refresh", body={"refresh_token": used}))
    expired = sign_access_token(some_claims(iat=1, auth_time=1, exp=2), key=SIGNING_KEY)

    answers = [
        stack.invoke("oauth", recorded("oauth", body={"token": token}))
        for token in (
            used,
            used,
            tokens["access_token"],
            other["refresh_token"],
            other["access_token"],
            other["refresh_token"][:-43] + "A" * 43,
            expired,
            "garbage",
            "\0",
            "\u00e9" * 1000,
        )
    ]

    assert answers == [answers[0]] * len(answers)
    assert (answers[0]["statusCode"], answers[0]["body"]) == (200, '{"effective_by":1}')


def test_who_revokes_proves_nothing_but_the_token(stack: Stack) -> None:
    tokens = stack.log_in()
    headers = {"Authorization": "Basic YXBwOnNlY3JldA=="}
    body = {"token": tokens["refresh_token"], "client_id": "another", "client_secret": "secret"}

    answer = stack.answer("oauth", recorded("oauth", body=body, headers=headers))

    assert answer.status == 200
    assert not is_live(stack, tokens)


# Introspection


def test_a_live_token_is_told_with_its_user(stack: Stack) -> None:
    now = int(time.time())
    session_id = stack.log_in()["session_id"]
    claims = some_claims(sid=session_id, iat=now, exp=now + 900, auth_time=now, scope="orders:read gone")

    answer = introspect(stack, sign_access_token(claims, key=SIGNING_KEY))

    assert answer.headers["Cache-Control"] == "no-store"
    assert (answer.status, answer.body) == (
        200,
        {
            "active": True,
            "scope": "orders:read",
            "client_id": SETTINGS.client_id,
            "username": "ada",
            "token_type": "Bearer",
            "exp": now + 900,
            "iat": now,
            "sub": USER_ID,
            "aud": SETTINGS.audience,
            "iss": SETTINGS.issuer,
            "jti": TOKEN_ID,
            "sid": session_id,
            "auth_time": now,
            "claims": {"plan": "gold"},
        },
    )


def live(stack: Stack, key: SigningKey = SIGNING_KEY, **changes: Any) -> str:
    now = int(time.time())
    times = {"iat": now, "exp": now + 900, "auth_time": now}
    session_id = stack.log_in()["session_id"]
    return sign_access_token(some_claims(**{"sid": session_id, **times, **changes}), key=key)


def after(happens: Callable[[Stack], object], **changes: Any) -> Callable[[Stack], str]:
    """A live token, to whose user something happens then."""

    def of(stack: Stack) -> str:
        token = live(stack, **changes)
        happens(stack)
        return token

    return of


def end_sessions(stack: Stack) -> None:
    for session in stack.stores.sessions.of_user(USER_ID):
        stack.stores.sessions.end(USER_ID, session.session_id, now=1)


def raise_version(stack: Stack, *, now: int = 1) -> None:
    stack.stores.users.raise_version(USER_ID, version=7, now=now)


def delete(stack: Stack) -> None:
    user = stack.stores.users.read(USER_ID)
    assert user is not None
    stack.stores.accounts.delete(user, now=NOW)


# The version to which the user is raised, so that it is not the version that refuses.
RAISED = {"ver": 8}

INACTIVE: dict[Reason, Callable[[Stack], str]] = {
    Reason.MALFORMED: lambda stack: str(stack.log_in()["refresh_token"]),
    Reason.UNKNOWN_KEY: lambda stack: live(stack, SigningKey("unknown", OTHER_KEY)),
    Reason.BAD_SIGNATURE: lambda stack: live(stack, SigningKey(SIGNING_KEY.kid, OTHER_KEY)),
    Reason.WRONG_CLAIMS: lambda stack: live(stack, aud="another"),
    Reason.FROM_THE_FUTURE: lambda stack: live(stack, iat=int(time.time()) + 500),
    Reason.EXPIRED: lambda stack: live(stack, iat=1, auth_time=1, exp=2),
    Reason.SESSION_UNKNOWN: lambda stack: live(stack, sid="ses_" + "x" * 21 + "A"),
    Reason.SESSION_ENDED: after(end_sessions),
    Reason.BLOCKLISTED: after(
        lambda stack: stack.stores.blocklist.put(BlockedToken(TOKEN_ID, USER_ID, "stolen", 1, 2_000_000_000))
    ),
    Reason.USER_UNKNOWN: after(delete),
    Reason.TOKEN_VERSION: after(raise_version),
    Reason.LOGGED_OUT: after(lambda stack: raise_version(stack, now=int(time.time()) + 50), **RAISED),
    Reason.USER_DISABLED: after(
        lambda stack: end.disable(USER_ID, users=stack.stores.users, now=int(time.time()) - 50), **RAISED
    ),
}


@pytest.mark.parametrize("reason", INACTIVE)
def test_whatever_the_reason_a_dead_token_is_inactive_and_nothing_more(
    stack: Stack, reason: Reason, written: Callable[[], str]
) -> None:
    token = INACTIVE[reason](stack)

    answer = stack.invoke("oauth", recorded("oauth-introspect", body={"token": token}))

    [line] = lines_of(written(), "TokenInactive")
    assert answer["headers"] == {
        "Cache-Control": "no-store",
        "Vary": "Origin",
        "Content-Type": "application/json",
    }
    assert (answer["statusCode"], answer["body"]) == (200, '{"active":false}')
    assert (line["reason"], line["actor"]) == (reason, USER_ID)


def test_every_reason_of_the_verdict_was_tried() -> None:
    names = [reason.name for reason in Reason]
    of_a_token = set(list(Reason)[names.index("MALFORMED") : names.index("USER_DISABLED") + 1])

    assert of_a_token == INACTIVE.keys()


def test_one_may_ask_about_ones_own_token(stack: Stack) -> None:
    tokens = stack.log_in()
    event = recorded("oauth-introspect", body={"token": tokens["access_token"]})
    event["requestContext"]["authorizer"]["sid"] = tokens["session_id"]

    assert stack.answer("oauth", event).body["sid"] == tokens["session_id"]


@pytest.mark.parametrize("scope", ["", "admin", "introspection", "Introspect"])
def test_nobody_without_the_scope_is_told_anything(stack: Stack, scope: str) -> None:
    event = recorded("oauth-introspect", body={"token": stack.log_in()["access_token"]})
    event["requestContext"]["authorizer"]["scope"] = scope

    answer = stack.answer("oauth", event)

    assert (answer.status, answer.body["error"]) == (403, "insufficient_scope")


def test_nobody_is_told_anything_where_somebody_forgot_the_authorizer(stack: Stack) -> None:
    for resource in ("/oauth/introspect", "/oauth/another"):
        event = recorded("oauth", body={"token": stack.log_in()["access_token"]}) | {"resource": resource}

        answer = stack.answer("oauth", event)

        assert (answer.status, answer.body["error"]) == (401, "invalid_token")


# Both


@pytest.mark.parametrize("name", ["oauth", "oauth-introspect"])
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param({"body": ""}, 400, id="no token"),
        pytest.param({"body": "token="}, 400, id="an empty token"),
        pytest.param({"body": "token=a&token=b"}, 400, id="two tokens"),
        pytest.param({"body": "token=%ff"}, 400, id="not UTF-8"),
        pytest.param({"body": '{"token": "a"}'}, 400, id="JSON"),
        pytest.param({"body": "token=a", "headers": {}, "multiValueHeaders": {}}, 400, id="no type"),
        pytest.param({"body": f"token={'a' * 8187}"}, 413, id="huge"),
        pytest.param({"body": f"token={'a' * 8186}"}, 200, id="as large as may be"),
        pytest.param({"body": "token=a;token=b"}, 200, id="a semicolon"),
        pytest.param({"body": "token=%00+%2B"}, 200, id="a NUL, a space and a plus sign"),
    ],
)
def test_a_form_that_cannot_be_is_malformed(
    stack: Stack, name: str, changes: dict[str, Any], status: int
) -> None:
    answer = stack.answer("oauth", recorded(name) | changes)

    assert answer.status == status
    assert answer.body.get("error") == (None if status == 200 else "invalid_request")


@pytest.mark.parametrize("table", ["SESSIONS", "BLOCKLIST", "USERS", "KEYS"])
def test_a_store_that_fails_says_nothing_of_the_token(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    tokens = stack.log_in()
    monkeypatch.setenv(f"{table}_TABLE", "gone")
    stack.forget_wiring()

    needed_to_revoke = {"SESSIONS": "refresh_token", "BLOCKLIST": "access_token", "KEYS": "access_token"}
    answers = [introspect(stack, tokens["access_token"])]
    if table in needed_to_revoke:
        answers.append(revoke(stack, tokens[needed_to_revoke[table]]))

    for answer in answers:
        assert (answer.status, answer.body["error"]) == (503, "temporarily_unavailable")
        assert answer.headers["Retry-After"] == "1"


def test_revocations_are_written_down_and_what_ends_nothing_is_not(
    stack: Stack, written: Callable[[], str]
) -> None:
    tokens = stack.log_in()

    for token in (tokens["access_token"], tokens["refresh_token"], tokens["refresh_token"], "garbage"):
        revoke(stack, token)

    log = written()
    [of_the_token] = lines_of(log, "TokenRevoked")
    [of_the_session] = lines_of(log, "SessionRevoked")
    for line in (of_the_token, of_the_session):
        assert (line["user_id"], line["session_id"]) == (USER_ID, tokens["session_id"])
        assert "actor" not in line
    assert of_the_token["token_id"].startswith("tok_")
    assert "TokenInactive" not in log
