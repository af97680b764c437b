"""Your service by itself: tokens of a key made up here, and Rescind's answers as you want them."""

import asyncio
import time
from typing import Any

import httpx
import pytest
from rescind_auth import Rescind, rescind
from service import app

from rescind.testing import LocalIssuer, a_caller

TOKENS = LocalIssuer()
ADA = a_caller(scope="orders:write")


class Stack:
    """Rescind, as far as this service sees it: `active` is its word on every token."""

    def __init__(self) -> None:
        self.active: dict[str, Any] | None = {"active": False}
        self.of = Rescind(
            api_url="http://rescind.example",
            issuer=TOKENS.issuer,
            audience=TOKENS.audience,
            username="service",
            password="its-password",
        )
        self.of.http = httpx.Client(
            base_url="http://rescind.example", transport=httpx.MockTransport(self._answer)
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/login":
            return httpx.Response(200, json={"access_token": "the service's own"})
        if request.headers["authorization"] != "Bearer the service's own":
            return httpx.Response(401)
        return httpx.Response(200, json=self.active) if self.active else httpx.Response(503)


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Stack:
    stack = Stack()
    monkeypatch.setattr(stack.of.keys, "fetch_data", lambda: TOKENS.jwks)
    monkeypatch.setattr(app, "dependency_overrides", {rescind: lambda: stack.of})
    return stack


def asked(method: str, path: str, token: str) -> int:
    async def ask() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            answer = await client.request(method, path, headers={"Authorization": f"Bearer {token}"})
            return answer.status_code

    return asyncio.run(ask())


@pytest.mark.usefixtures("stack")
def test_a_token_is_verified_by_the_keys_alone() -> None:
    assert asked("GET", "/catalogue", TOKENS.access_token(ADA)) == 200
    assert asked("GET", "/catalogue", TOKENS.access_token(ADA, now=int(time.time()) - 1000)) == 401
    assert asked("GET", "/catalogue", LocalIssuer().access_token(ADA)) == 401


def test_an_order_takes_a_live_token_with_the_scope(stack: Stack) -> None:
    stack.active = {"active": True, "sub": ADA.user_id, "sid": ADA.session_id, "scope": "orders:write"}
    assert asked("POST", "/orders", "whatever") == 201

    stack.active["scope"] = "orders:read"
    assert asked("POST", "/orders", "whatever") == 403

    stack.active = {"active": False}
    assert asked("POST", "/orders", "whatever") == 401

    stack.active = None
    assert asked("POST", "/orders", "whatever") == 503
