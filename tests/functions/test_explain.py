"""An operator asks why a token is refused: each reason for real, and no answer that holds a token."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from rescind.model import BlockedToken, Status
from rescind.rules.access_tokens import SigningKey, sign_access_token
from rescind.rules.key_set import Purpose
from rescind.rules.refresh_tokens import MacKey, sign_refresh_token
from tests.functions.conftest import Answer, Stack, recorded
from tests.leaks.marked import spellings
from tests.things import (
    MAC_KEY,
    SESSION_ID,
    SETTINGS,
    SIGNING_KEY,
    TOKEN_ID,
    USER_ID,
    a_session,
    some_claims,
)

OPERATOR = "arn:aws:sts::123456789012:assumed-role/operators/grace"
NOW = int(time.time())
ANOTHER = ec.derive_private_key(20_261_124, ec.SECP256R1())


def explain(stack: Stack, token: object) -> Answer:
    event = {"operation": "explainToken", "operator": OPERATOR, "parameters": {"token": token}}
    answer = stack.answer("admin", event)
    if isinstance(token, str):
        assert_no_proof(token, answer)
    return answer


def assert_no_proof(token: str, answer: Answer) -> None:
    """Neither the token nor what follows its last dot, in whatever spelling."""
    body = json.dumps(answer.body)
    proof = token.rstrip("\n").rpartition(".")[2]
    for secret in (token, proof):
        if len(secret) >= 43:
            assert not any(spelling[:40] in body for spelling in spellings(secret))


def a_token(key: SigningKey = SIGNING_KEY, **claims: Any) -> str:
    return sign_access_token(
        some_claims(**{"iat": NOW, "exp": NOW + 3600, "auth_time": NOW, **claims}), key=key
    )


def a_refresh_token(counter: int = 4, key: MacKey = MAC_KEY) -> str:
    return sign_refresh_token(USER_ID, SESSION_ID, counter, key=key)


def with_a_session(stack: Stack, **changes: Any) -> None:
    row = {"idle_expires_at": NOW + 5000, "absolute_expires_at": NOW + 9000, "rotated_at": NOW - 100}
    stack.stores.sessions.put(a_session(**{**row, **changes}))


def test_a_live_access_token_passes_every_check(stack: Stack) -> None:
    tokens = stack.log_in()

    answer = explain(stack, tokens["access_token"])

    assert answer.status == 200
    assert answer.body["kind"] == "access"
    assert answer.body["verdict"] == "allow"
    assert "reason" not in answer.body
    assert answer.body["claims"]["sid"] == tokens["session_id"]
    assert answer.body["scope"]["granted"] == "orders:read orders:write"
    checks = {check["check"]: check for check in answer.body["checks"]}
    assert list(checks) == [
        "authentic",
        "expiry",
        "session",
        "session_end",
        "blocklist",
        "user",
        "token_version",
        "logout_time",
        "status",
    ]
    assert all(check["passes"] for check in checks.values())
    assert checks["authentic"]["claimed"] == SIGNING_KEY.kid
    assert checks["authentic"]["stored"] == {"state": "signs"}


def block(stack: Stack) -> None:
    stack.stores.blocklist.put(BlockedToken(TOKEN_ID, USER_ID, "stolen laptop", NOW, NOW + 1020))


ENDED: dict[str, tuple[Callable[[Stack], object], dict[str, Any]]] = {
    "expired": (lambda _: None, {"iat": NOW - 900, "exp": NOW - 1}),
    "session_unknown": (lambda _: None, {"sid": "ses_" + "n" * 21 + "A"}),
    "session_ended": (lambda s: s.stores.sessions.end(USER_ID, SESSION_ID, now=NOW), {}),
    "blocklisted": (block, {}),
    "user_unknown": (lambda s: s.stores.users.delete(USER_ID, now=NOW), {}),
    "token_version": (lambda s: s.stores.users.raise_version(USER_ID, version=7, now=NOW), {}),
    "logged_out": (lambda s: s.stores.users.raise_version(USER_ID, version=7, now=NOW + 50), {"ver": 8}),
    "user_disabled": (
        lambda s: s.stores.users.raise_version(USER_ID, version=7, now=NOW, status=Status.DISABLED),
        {"ver": 8},
    ),
}


@pytest.mark.parametrize("reason", ENDED)
def test_an_ended_access_token_is_explained_as_the_authorizer_refuses_it(
    stack: Stack, written: Callable[[], str], reason: str
) -> None:
    with_a_session(stack)
    end, claims = ENDED[reason]
    end(stack)
    token = a_token(**claims)
    event = {**recorded("authorizer-rest-token"), "authorizationToken": f"Bearer {token}"}

    answer = explain(stack, token)

    assert (answer.body["verdict"], answer.body["reason"]) == ("refuse", reason)
    assert next(check["reason"] for check in answer.body["checks"] if not check["passes"]) == reason
    assert answer.body["claims"]["jti"] == TOKEN_ID
    written()
    with pytest.raises(Exception, match="Unauthorized"):
        stack.invoke("authorizer", event)
    assert f'"reason":"{reason}"' in written()


def test_a_blocked_token_shows_why_and_when_it_was(stack: Stack) -> None:
    with_a_session(stack)
    block(stack)

    answer = explain(stack, a_token())

    [check] = [check for check in answer.body["checks"] if check["check"] == "blocklist"]
    assert check["stored"] == {"reason": "stolen laptop", "blocked_at": NOW}


UNPROVEN: dict[str, str] = {
    "malformed": "garbage",
    "unknown_key": a_token(SigningKey("unknown", ANOTHER)),
    "bad_signature": a_token(replace(SIGNING_KEY, private_key=ANOTHER)),
    "wrong_claims": a_token(aud="another"),
    "from_the_future": a_token(iat=NOW + 3000, exp=NOW + 3600),
}


@pytest.mark.parametrize("reason", UNPROVEN)
def test_a_token_that_proves_nothing_is_explained_with_what_it_claims_unverified(
    stack: Stack, reason: str
) -> None:
    answer = explain(stack, UNPROVEN[reason])

    assert (answer.body["verdict"], answer.body["reason"]) == ("refuse", reason)
    assert "claims" not in answer.body
    assert (answer.body["unverified"].get("sub") == USER_ID) == (reason != "malformed")
    [check] = answer.body["checks"]
    assert (check["check"], check["passes"], check["reason"]) == ("authentic", False, reason)


def test_claims_of_another_audience_are_told_with_ours(stack: Stack) -> None:
    answer = explain(stack, UNPROVEN["wrong_claims"])

    assert answer.body["checks"][0]["stored"] == {
        "state": "signs",
        "iss": SETTINGS.issuer,
        "aud": SETTINGS.audience,
    }
    assert answer.body["unverified"]["aud"] == "another"


def test_a_token_of_a_revoked_key_says_so(stack: Stack) -> None:
    token = stack.log_in()["access_token"]
    old = stack.stores.key_sets.read(Purpose.ACCESS_TOKEN)
    revoked = replace(old.entries[0], revoked_at=NOW)
    stack.stores.key_sets.replace(old, (revoked, replace(revoked, key_id="another", revoked_at=None)))

    answer = explain(stack, token)

    assert answer.body["reason"] == "unknown_key"
    assert answer.body["checks"][0]["stored"] == {"state": "revoked", "revoked_at": NOW}


# Refresh tokens


OUTCOMES: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "the current one": ({}, "rotate", None),
    # By a clock that is ahead, so that it does not matter when the test runs.
    "used a moment ago": ({"counter": 5, "rotated_at": NOW + 900}, "replay", None),
    "used long ago": ({"counter": 5}, "end_session", "reused"),
    "of a restored backup": ({"counter": 3}, "end_session", "counter_behind"),
    "of an expired session": ({"idle_expires_at": NOW - 1}, "refuse", "expired"),
    "of an older version": ({"version": 6}, "refuse", "token_version"),
}


@pytest.mark.parametrize("case", OUTCOMES)
def test_a_refresh_token_is_explained_by_what_it_would_lead_to_and_leads_to_nothing(
    stack: Stack, case: str
) -> None:
    row, outcome, reason = OUTCOMES[case]
    with_a_session(stack, **row)
    before = stack.stores.sessions.of_user(USER_ID)

    answer = explain(stack, a_refresh_token())

    assert (answer.body["outcome"], answer.body.get("reason")) == (outcome, reason)
    assert answer.body["verdict"] == ("refuse" if reason else "allow")
    assert answer.body["unverified"] == {
        "key_id": MAC_KEY.key_id,
        "user_id": USER_ID,
        "session_id": SESSION_ID,
        "counter": 4,
    }
    assert [check["check"] for check in answer.body["checks"]] == [
        "key",
        "user",
        "status",
        "session",
        "session_end",
        "session_expiry",
        "token_version",
        "counter",
    ]
    assert stack.stores.sessions.of_user(USER_ID) == before


def test_a_refresh_token_of_a_key_that_is_not_there_is_refused_for_it(stack: Stack) -> None:
    with_a_session(stack)

    answer = explain(stack, a_refresh_token(key=replace(MAC_KEY, key_id="mac_" + "x" * 21 + "A")))

    assert (answer.body["outcome"], answer.body["reason"]) == ("refuse", "unknown_key")
    assert [check["check"] for check in answer.body["checks"] if not check["passes"]] == ["key"]


# What is never told, and what is written down


@pytest.mark.parametrize(
    "around",
    [
        pytest.param("Bearer {}", id="a header"),
        pytest.param(" {}", id="a space"),
        pytest.param("{}\n", id="a newline"),
        pytest.param("{}.{}", id="twice"),
        pytest.param('{{"access_token":"{}"}}', id="JSON"),
        pytest.param("it was {} I think", id="a sentence"),
        pytest.param("r1.{}", id="half of a refresh token"),
    ],
)
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_text_that_contains_a_token_is_no_token_and_is_not_told(
    stack: Stack, kind: str, around: str
) -> None:
    token = stack.log_in()[kind]

    answer = explain(stack, around.format(token, token))

    assert answer.body["reason"] == "malformed"
    assert_no_proof(token, answer)


@pytest.mark.parametrize("token", [None, "", 1, [], "x" * 8193, "\ud800"])
def test_what_is_no_text_is_a_malformed_request(stack: Stack, token: object) -> None:
    answer = explain(stack, token)

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def lines_of(written: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in written.splitlines()]
    return [line for line in lines if line.get("message") == "TokenExplained"]


def test_who_looks_at_a_token_is_written_down_with_its_ids(stack: Stack, written: Callable[[], str]) -> None:
    tokens = stack.log_in()
    access_token, refresh_token = tokens["access_token"], tokens["refresh_token"]
    written()

    for token in (access_token, refresh_token, "garbage", UNPROVEN["bad_signature"]):
        explain(stack, token)

    text = written()
    told = [(line.get("user_id"), line.get("session_id"), line["actor"]) for line in lines_of(text)]
    assert told == [(USER_ID, tokens["session_id"], OPERATOR)] * 2 + [(None, None, OPERATOR)] * 2
    assert "token_id" in lines_of(text)[0]
    for token in (access_token, refresh_token):
        assert token.rpartition(".")[2] not in text


def test_no_route_leads_to_it(stack: Stack) -> None:
    event = recorded("admin", body={"token": "garbage"}) | {"resource": "/admin/tokens/explain"}

    assert stack.answer("admin", event).status == 404
