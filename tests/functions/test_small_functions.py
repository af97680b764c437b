"""`me`, `jwks` and `preflight`, and what every function behind a route has in common."""

import json
from collections.abc import Callable

import jwt
import pytest

from tests.functions.conftest import Stack, recorded
from tests.things import SESSION_ID, SIGNING_KEY, TOKEN_ID, USER_ID


def test_me_says_who_is_calling(stack: Stack) -> None:
    answer = stack.answer("me", recorded("me"))

    assert answer.status == 200
    assert answer.body == {
        "user_id": USER_ID,
        "session_id": SESSION_ID,
        "token_id": TOKEN_ID,
        "scope": "orders:read",
    }


def test_a_function_refuses_when_no_authorizer_stands_before_it(stack: Stack) -> None:
    event = recorded("me")
    del event["requestContext"]["authorizer"]

    answer = stack.answer("me", event)

    assert (answer.status, answer.body["error"]) == (401, "invalid_token")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_jwks_publishes_the_key_that_signs_and_lets_it_be_cached(stack: Stack) -> None:
    answer = stack.answer("jwks", recorded("jwks"))

    [key] = jwt.PyJWKSet.from_dict(answer.body).keys
    assert key.key_id == SIGNING_KEY.kid
    assert "d" not in answer.body["keys"][0]
    assert answer.headers["Cache-Control"] == "public, max-age=900"


def test_a_preflight_lets_an_allowed_origin_ask(stack: Stack) -> None:
    answer = stack.answer("preflight", recorded("preflight"))

    assert (answer.status, answer.body) == (204, None)
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert answer.headers["Vary"] == "Origin"


def test_a_preflight_says_nothing_to_a_foreign_origin(stack: Stack) -> None:
    answer = stack.answer("preflight", recorded("preflight", headers={"Origin": "https://evil.example"}))

    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param("{", 400, id="no-json"),
        pytest.param("[]", 400, id="no-object"),
        pytest.param('{"username": "ada"}', 400, id="a-field-is-missing"),
        pytest.param('{"username": 1, "password": "p"}', 400, id="a-field-is-mistyped"),
        pytest.param('{"username": "", "password": "p"}', 400, id="a-field-is-empty"),
        pytest.param(json.dumps({"username": "a" * 257, "password": "p"}), 400, id="a-field-is-too-long"),
        pytest.param('{"username": "\\ud800", "password": "p"}', 400, id="half-a-character"),
        pytest.param("[" * 8000, 400, id="deeply-nested"),
        pytest.param('{"username": NaN}', 400, id="not-a-number"),
        pytest.param('{"username": "ada", "password": "p", "transport": "pigeon"}', 400, id="transport"),
        pytest.param(" " * 8193, 413, id="over-8-kib"),
    ],
)
def test_a_malformed_body_is_told_what_is_wrong(stack: Stack, body: str, status: int) -> None:
    answer = stack.answer("login", {**recorded("login"), "body": body})

    assert (answer.status, answer.body["error"]) == (status, "invalid_request")
    assert answer.body["error_description"]


@pytest.mark.parametrize("function", ["login", "refresh", "logout", "jwks", "admin"])
def test_a_store_that_is_gone_is_503_and_loses_nothing(
    stack: Stack, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = recorded(function)
    if function in {"refresh", "logout"}:
        event = recorded(function, body={"refresh_token": stack.log_in()["refresh_token"]})
    for table in ("CREDENTIALS", "USERS", "SESSIONS", "KEYS"):
        monkeypatch.setenv(f"{table}_TABLE", "gone")
    stack.forget_wiring()

    answer = stack.answer(function, event)

    assert (answer.status, answer.body["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize("function", ["login", "me", "preflight"])
def test_a_setting_out_of_range_is_a_500_and_named_in_the_log(
    stack: Stack, function: str, monkeypatch: pytest.MonkeyPatch, written: Callable[[], str]
) -> None:
    monkeypatch.setenv("ACCESS_TOKEN_SECONDS", "3601")
    stack.forget_wiring()

    answer = stack.answer(function, recorded(function))

    assert (answer.status, answer.body["error"]) == (500, "server_error")
    assert "ACCESS_TOKEN_SECONDS must be a whole number from 60 to 3600" in written()


def test_where_metrics_are_switched_off_none_pile_up(
    stack: Stack, written: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")

    for _ in range(101):
        stack.answer("refresh", recorded("refresh"))

    assert '"_aws"' not in written()
