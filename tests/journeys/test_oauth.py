"""The two standards over HTTP: a client ends its tokens (RFC 7009), a service asks about them (RFC 7662)."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from rescind.rules.access_tokens import AccessTokenClaims, sign_access_token, verify_access_token
from tests.journeys.conftest import Client, Inside
from tests.journeys.gateways import ORIGIN, Gateway


@dataclass(frozen=True)
class User:
    user_id: str
    tokens: dict[str, Any]

    @property
    def access_token(self) -> str:
        return str(self.tokens["access_token"])

    @property
    def refresh_token(self) -> str:
        return str(self.tokens["refresh_token"])


@pytest.fixture
def user(client: Client, admin: str) -> Iterator[User]:
    """A user of this test's own, logged in."""
    body = {
        "username": f"user-{time.monotonic_ns()}",
        "password": "a-password-of-theirs",
        "scope": "orders:read",
        "claims": {"tenant": "north"},
    }
    user_id = client.ask("POST", "/admin/users", bearer=admin, json=body).json()["user_id"]
    yield User(user_id, client.log_in(str(body["username"]), str(body["password"])))
    client.ask("DELETE", f"/admin/users/{user_id}", bearer=admin)


def introspect(client: Client, bearer: str, token: str) -> httpx.Response:
    return client.ask("POST", "/oauth/introspect", bearer=bearer, form={"token": token})


def revoke(client: Client, token: str, **more: str) -> httpx.Response:
    return client.ask("POST", "/oauth/revoke", form={"token": token, **more})


def test_a_token_is_active_until_its_session_is_revoked(client: Client, admin: str, user: User) -> None:
    active = introspect(client, admin, user.access_token).json()
    me = client.me(user.access_token).json()
    assert (active["active"], active["scope"], active["claims"]) == (True, "orders:read", {"tenant": "north"})
    assert (active["sub"], active["sid"], active["jti"]) == (
        me["user_id"],
        me["session_id"],
        me["token_id"],
    )

    revoked = revoke(client, user.refresh_token, token_type_hint="refresh_token")

    assert revoked.status_code == 200
    assert revoked.json()["effective_by"] <= time.time() + 1
    assert introspect(client, admin, user.access_token).json() == {"active": False}
    assert client.me(user.access_token).status_code == 401
    assert client.refresh(user.refresh_token).status_code == 401


def test_a_revoked_access_token_leaves_its_session(client: Client, admin: str, user: User) -> None:
    revoke(client, user.access_token)

    assert introspect(client, admin, user.access_token).json() == {"active": False}
    assert client.me(user.access_token).status_code == 401
    refreshed = client.refresh(user.refresh_token).json()
    assert introspect(client, admin, refreshed["access_token"]).json()["active"] is True


@dataclass(frozen=True)
class Given:
    """What it takes to make the user's access token a dead one."""

    client: Client
    gateway: Gateway
    inside: Inside
    admin: str
    user: User

    def by_admin(self, method: str, what: str = "") -> str:
        self.client.ask(method, f"/admin/users/{self.user.user_id}{what}", bearer=self.admin)
        return self.user.access_token

    def change_user(self, name: str, value: int) -> str:
        self.inside.dynamodb.update_item(
            TableName=self.inside.tables["UsersTable"],
            Key={"user_id": {"S": self.user.user_id}},
            UpdateExpression="SET #name = :value",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":value": {"N": str(value)}},
        )
        return self.user.access_token

    def signed(self, **changes: Any) -> str:
        """The user's access token, changed and signed by the stack's own key."""
        now = int(time.time())
        claims: AccessTokenClaims = verify_access_token(
            self.user.access_token,
            keys=self.inside.keyring.verification_keys(now=now),
            issuer=self.gateway.issuer,
            audience=self.gateway.audience,
            now=now,
        )
        return sign_access_token(replace(claims, **changes), key=self.inside.keyring.signing_key(now=now))

    def logged_out(self) -> str:
        body = {"refresh_token": self.user.refresh_token}
        self.client.ask("POST", "/auth/logout", json=body)
        return self.user.access_token

    def revoked(self) -> str:
        revoke(self.client, self.user.access_token)
        return self.user.access_token


DEAD: dict[str, Callable[[Given], str]] = {
    "garbage": lambda _: "garbage",
    "a-refresh-token": lambda given: given.user.refresh_token,
    "another-signature": lambda given: given.user.access_token[:-9] + "A" * 8 + "Q",
    "of-another-audience": lambda given: given.signed(aud="another"),
    "expired": lambda given: given.signed(iat=1, auth_time=1, exp=2),
    "of-no-session": lambda given: given.signed(sid="ses_" + "x" * 21 + "A"),
    "its-session-ended": Given.logged_out,
    "blocked": Given.revoked,
    "an-older-version": lambda given: given.change_user("token_version", 9),
    "before-the-logout-time": lambda given: given.change_user("logged_out_at", int(time.time()) + 50),
    "everything-was-revoked": lambda given: given.by_admin("POST", "/revoke"),
    "the-user-is-disabled": lambda given: given.by_admin("POST", "/disable"),
    "the-user-was-deleted": lambda given: given.by_admin("DELETE"),
}


@pytest.fixture
def given(client: Client, gateway: Gateway, inside: Inside, admin: str, user: User) -> Given:
    return Given(client, gateway, inside, admin, user)


@pytest.mark.parametrize("kill", DEAD.values(), ids=DEAD.keys())
def test_a_dead_token_is_inactive_whatever_it_died_of(given: Given, kill: Callable[[Given], str]) -> None:
    assert introspect(given.client, given.admin, given.user.access_token).json()["active"] is True

    token = kill(given)

    answer = introspect(given.client, given.admin, token)
    assert (answer.status_code, answer.content) == (200, b'{"active":false}')


def test_every_token_is_revoked_with_the_same_bytes(client: Client, user: User) -> None:
    answers = [
        revoke(client, token)
        for token in (user.access_token, user.access_token, user.refresh_token, user.refresh_token, "x", "\0")
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert (
        len({answer.content.replace(b"%d" % answer.json()["effective_by"], b"") for answer in answers}) == 1
    )
    kept = [
        {name: value for name, value in answer.headers.items() if name not in VARYING} for answer in answers
    ]
    assert kept == [kept[0]] * len(kept)


VARYING = {"date", "x-amzn-requestid", "x-amz-request-id", "x-amz-apigw-id", "x-amzn-trace-id"}


def test_only_who_has_the_scope_may_ask(client: Client, user: User) -> None:
    answer = introspect(client, user.access_token, user.access_token)
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")

    answer = client.ask("POST", "/oauth/introspect", form={"token": user.access_token})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


def test_a_service_asks_about_its_own_token_and_is_no_longer_heard_when_it_ended(
    client: Client, admin: str
) -> None:
    assert introspect(client, admin, admin).json()["scope"] == "admin introspect"

    revoke(client, admin)

    assert introspect(client, admin, admin).status_code == 401


@pytest.mark.parametrize("path", ["/oauth/revoke", "/oauth/introspect"])
def test_a_form_that_cannot_be_is_answered_in_the_contracts_words(
    client: Client, admin: str, path: str
) -> None:
    form, json = "application/x-www-form-urlencoded", "application/json"
    for content_type, content, status in (
        (json, b'{"token": "a"}', 400),
        (form, b'{"token": "a"}', 400),
        (form, b"token=a&token=b", 400),
        (form, b"token=" + b"a" * 9000, 413),
        (form, b"token=a;token=b+c%00", 200),
    ):
        headers = {"Content-Type": content_type}

        answer = client.ask("POST", path, bearer=admin, content=content, headers=headers)

        assert answer.status_code == status


@pytest.mark.parametrize("path", ["/oauth/revoke", "/oauth/introspect"])
def test_a_form_that_is_not_utf_8_is_refused(client: Client, admin: str, path: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = client.ask("POST", path, bearer=admin, content=b"token=\xff", headers=headers)

    assert answer.status_code == 400


def test_another_method_is_404_and_revokes_nothing(client: Client, admin: str, user: User) -> None:
    for path in ("/oauth/revoke", "/oauth/introspect"):
        for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
            asked = f"{path}?token={user.refresh_token}"
            assert client.ask(method, asked, bearer=admin).status_code == 404

    assert client.me(user.access_token).status_code == 200


def test_a_page_needs_no_preflight_to_revoke_and_an_allowed_one_reads_the_answer(client: Client) -> None:
    for origin, allowed in ((ORIGIN, ORIGIN), ("https://evil.example", None)):
        answer = client.ask("POST", "/oauth/revoke", form={"token": "x"}, headers={"Origin": origin})

        assert answer.status_code == 200
        assert answer.headers.get("Access-Control-Allow-Origin") == allowed
