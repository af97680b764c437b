"""What a client and the log are told when there have been too many wrong passwords."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.functions.conftest import Answer, Stack, recorded, recorded_from
from tests.things import PASSWORD, USER_ID

LIMIT = 3
TOO_MANY = {
    "error": "too_many_attempts",
    "error_description": "There have been too many failed attempts. Try again later.",
}


@pytest.fixture
def throttling(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setenv("FAILURES_PER_ACCOUNT_AND_NETWORK", str(LIMIT))
    stack.forget_wiring()
    return stack


def log_in(stack: Stack, username: str, password: str, **headers: str) -> Answer:
    body = {"username": username, "password": password}
    return stack.answer("login", recorded("login", body=body, headers=headers))


def guesses(stack: Stack, username: str, **headers: str) -> list[int]:
    return [log_in(stack, username, "guess", **headers).status for _ in range(LIMIT)]


@pytest.mark.parametrize("username", ["ada", "nobody"])
def test_too_many_guesses_are_told_when_to_come_back(throttling: Stack, username: str) -> None:
    assert guesses(throttling, username) == [401] * LIMIT

    answer = log_in(throttling, username, PASSWORD)

    assert (answer.status, answer.body) == (429, TOO_MANY)
    assert 1 <= int(answer.headers["Retry-After"]) <= 16 * 60
    assert answer.headers.keys() == {"Cache-Control", "Vary", "Retry-After", "Content-Type"}


def test_a_wrong_current_password_is_throttled_and_the_session_lives_on(throttling: Stack) -> None:
    tokens = throttling.log_in()
    body = {"current_password": "guess", "new_password": "another-password"}

    answers = [
        throttling.answer("password", recorded_from(tokens, "password", body=body)) for _ in range(LIMIT + 1)
    ]

    assert [answer.status for answer in answers] == [400] * LIMIT + [429]
    assert answers[-1].body == TOO_MANY
    body = {"refresh_token": tokens["refresh_token"]}
    assert throttling.answer("refresh", recorded("refresh", body=body)).status == 200


def test_the_log_tells_which_window_is_full_and_for_whom(
    throttling: Stack, written: Callable[[], str]
) -> None:
    guesses(throttling, "ada")
    log_in(throttling, "ada", PASSWORD)

    lines: list[dict[str, Any]] = [json.loads(line) for line in written().splitlines()]
    *_, last = [line for line in lines if "_aws" not in line]
    assert (last["message"], last["reason"], last["user_id"]) == (
        "LoginRefused",
        "too_many_from_network_for_account",
        USER_ID,
    )


def test_a_header_that_anybody_can_write_makes_no_other_network(throttling: Stack) -> None:
    spoofed = [
        log_in(throttling, "ada", "guess", **{"X-Forwarded-For": f"203.0.{network}.1"}).status
        for network in range(LIMIT + 1)
    ]

    assert spoofed == [401] * LIMIT + [429]


def test_behind_a_proxy_that_proves_itself_its_clients_are_told_apart(
    throttling: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENT_ADDRESS_HEADER", "CF-Connecting-IP")
    monkeypatch.setenv("PROXY_SECRET_SHA256", hashlib.sha256(b"the-proxys-secret").hexdigest())
    throttling.forget_wiring()
    proof = {"X-Rescind-Proxy-Secret": "the-proxys-secret"}

    guesses(throttling, "ada", **proof, **{"CF-Connecting-IP": "203.0.113.1"})

    assert log_in(throttling, "ada", PASSWORD, **proof, **{"CF-Connecting-IP": "203.0.113.2"}).status == 429
    answer = log_in(throttling, "ada", PASSWORD, **proof, **{"CF-Connecting-IP": "198.51.100.1"})
    assert answer.status == 200
    session = throttling.stores.sessions.read(USER_ID, answer.body["session_id"])
    assert session is not None
    assert session.ip == "198.51.100.1"


def test_a_foreign_page_cannot_use_up_its_visitors_network(throttling: Stack) -> None:
    page = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Content-Type": "text/plain"}

    assert [log_in(throttling, "ada", "guess", **page).status for _ in range(LIMIT + 1)] == [400] * (
        LIMIT + 1
    )

    assert log_in(throttling, "ada", PASSWORD).status == 200


def test_an_allowed_page_elsewhere_logs_in(throttling: Stack) -> None:
    page = {"Origin": "https://app.example.com", "Sec-Fetch-Site": "cross-site"}

    assert log_in(throttling, "ada", PASSWORD, **page).status == 200
