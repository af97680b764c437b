"""Rule 20 of docs/rules.md: the bound is the clock after the last write, never the start of the request."""

import math
import time
from typing import Any

import pytest

from functions.logout import app as logout
from functions.oauth import app as oauth
from rescind import wiring
from rescind.admin import tokens, users
from tests.functions.conftest import Stack, recorded
from tests.things import TOKEN_ID, USER_ID


class Clock:
    """A clock that goes forward with the calls of AWS alone, and never stands at a whole second."""

    def __init__(self) -> None:
        self.now = math.floor(time.time()) + 0.5

    def time(self) -> float:
        return self.now

    def tick(self, **_: Any) -> None:
        self.now += 3


@pytest.fixture
def clock(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Clock:
    del stack  # its client is the one that ticks
    clock = Clock()
    wiring.dynamodb().meta.events.register("after-call.dynamodb", clock.tick)
    for module in (logout, oauth, tokens, users):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.mark.parametrize(
    ("method", "resource", "body"),
    [
        ("POST", "/admin/users/{user_id}/disable", {}),
        ("POST", "/admin/users/{user_id}/enable", {}),
        ("POST", "/admin/users/{user_id}/revoke", {}),
        ("DELETE", "/admin/users/{user_id}", {}),
        ("POST", "/admin/tokens/revoke", {"token_id": TOKEN_ID}),
    ],
)
def test_an_admins_bound_is_not_past(
    stack: Stack, clock: Clock, method: str, resource: str, body: dict[str, str]
) -> None:
    event = recorded("admin", body=body)
    event |= {
        "httpMethod": method,
        "resource": resource,
        "pathParameters": {"user_id": USER_ID} if "{" in resource else None,
    }

    answer = stack.answer("admin", event)

    assert (answer.status, answer.body["effective_by"]) == (200, math.ceil(clock.now))


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_logouts_bound_is_not_past(stack: Stack, clock: Clock, *, everywhere: bool) -> None:
    body = {"refresh_token": stack.log_in()["refresh_token"], "everywhere": everywhere}

    answer = stack.answer("logout", recorded("logout", body=body))

    assert (answer.status, answer.body["effective_by"]) == (200, math.ceil(clock.now))


@pytest.mark.parametrize("token", ["refresh_token", "access_token"])
def test_a_holders_bound_is_not_past(stack: Stack, clock: Clock, token: str) -> None:
    body = {"token": stack.log_in()[token]}

    answer = stack.answer("oauth", recorded("oauth", body=body))

    assert (answer.status, answer.body["effective_by"]) == (200, math.ceil(clock.now))
