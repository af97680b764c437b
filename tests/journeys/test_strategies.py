"""The six ways to end a token, each alone: one thing changes, and what was live is refused over HTTP."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from rescind.rules.access_tokens import AccessTokenClaims, sign_access_token, verify_access_token
from tests.journeys.conftest import Client, Inside
from tests.journeys.gateways import Gateway


@pytest.fixture
def tokens(client: Client) -> Iterator[dict[str, Any]]:
    """Live tokens of a user of this test's own, who is made and deleted here."""
    admin = client.log_in("admin")["access_token"]
    body = {"username": f"user-{time.monotonic_ns()}", "password": "a-password-of-theirs"}
    user_id = client.ask("POST", "/admin/users", bearer=admin, json=body).json()["user_id"]
    tokens = client.log_in(body["username"], body["password"])
    assert client.me(tokens["access_token"]).status_code == 200
    yield tokens
    client.ask("DELETE", f"/admin/users/{user_id}", bearer=admin)


@pytest.fixture
def claims(gateway: Gateway, tokens: dict[str, Any], inside: Inside) -> AccessTokenClaims:
    now = int(time.time())
    return verify_access_token(
        tokens["access_token"],
        keys=inside.keyring.verification_keys(now=now),
        issuer=gateway.issuer,
        audience=gateway.audience,
        now=now,
    )


def assert_refused(client: Client, gateway: Gateway, access_token: str, reason: str) -> None:
    """It gets the one public answer, and the log has the private reason."""
    assert client.me(access_token).status_code == 401
    assert gateway.denied()[-1] == reason


def change_user(inside: Inside, user_id: str, name: str, value: dict[str, str]) -> None:
    """Set one attribute of the user's row, and nothing else."""
    inside.dynamodb.update_item(
        TableName=inside.tables["UsersTable"],
        Key={"user_id": {"S": user_id}},
        UpdateExpression="SET #name = :value",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":value": value},
    )


def test_strategy_1_short_expiry(
    client: Client, gateway: Gateway, inside: Inside, claims: AccessTokenClaims
) -> None:
    key = inside.keyring.signing_key(now=claims.iat)
    live = sign_access_token(replace(claims, exp=claims.exp - 1), key=key)
    ended = sign_access_token(replace(claims, iat=claims.iat - 60, exp=claims.iat), key=key)

    assert client.me(live).status_code == 200
    assert_refused(client, gateway, ended, "expired")


def test_strategy_2_refresh_tokens_end_with_their_session(
    client: Client, gateway: Gateway, tokens: dict[str, Any]
) -> None:
    client.ask("POST", "/auth/logout", json={"refresh_token": tokens["refresh_token"]})

    assert_refused(client, gateway, tokens["access_token"], "session_ended")
    assert client.refresh(tokens["refresh_token"]).status_code == 401


def test_strategy_3_blocklist(client: Client, gateway: Gateway, tokens: dict[str, Any], admin: str) -> None:
    body = {"token": tokens["access_token"], "reason": "left on a train"}
    client.ask("POST", "/admin/tokens/revoke", bearer=admin, json=body)

    assert_refused(client, gateway, tokens["access_token"], "blocklisted")
    assert client.refresh(tokens["refresh_token"]).status_code == 200


def test_strategy_4_token_version(
    client: Client,
    gateway: Gateway,
    inside: Inside,
    tokens: dict[str, Any],
    claims: AccessTokenClaims,
) -> None:
    change_user(inside, claims.sub, "token_version", {"N": str(claims.ver + 1)})

    assert_refused(client, gateway, tokens["access_token"], "token_version")


def test_strategy_5_logout_time(
    client: Client,
    gateway: Gateway,
    inside: Inside,
    tokens: dict[str, Any],
    claims: AccessTokenClaims,
) -> None:
    change_user(inside, claims.sub, "logged_out_at", {"N": str(claims.iat + 1)})

    assert_refused(client, gateway, tokens["access_token"], "logged_out")


def test_strategy_5_the_flag(
    client: Client,
    gateway: Gateway,
    inside: Inside,
    tokens: dict[str, Any],
    claims: AccessTokenClaims,
) -> None:
    change_user(inside, claims.sub, "status", {"S": "disabled"})

    assert_refused(client, gateway, tokens["access_token"], "user_disabled")


def test_strategy_6_client_side_logout_leaves_nothing_to_send(client: Client, tokens: dict[str, Any]) -> None:
    cookie = {"Cookie": f"__Host-refresh_token={tokens['refresh_token']}"}

    logout = client.ask("POST", "/auth/logout", headers=cookie)

    assert logout.headers["Set-Cookie"] == (
        "__Host-refresh_token=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict"
    )
    assert logout.headers["Clear-Site-Data"] == '"cache", "storage"'


def test_a_scope_that_was_taken_away_is_gone_at_once(client: Client, admin: str) -> None:
    body = {"username": f"clerk-{time.monotonic_ns()}", "password": "a-password", "scope": "admin b c"}
    user_id = client.ask("POST", "/admin/users", bearer=admin, json=body).json()["user_id"]
    access_token = client.log_in(body["username"], body["password"])["access_token"]

    client.ask("PATCH", f"/admin/users/{user_id}", bearer=admin, json={"scope": "c b"})

    assert client.me(access_token).json()["scope"] == "b c"
    assert client.ask("GET", f"/admin/users/{user_id}", bearer=access_token).status_code == 403
