import json
import time
from dataclasses import fields
from typing import Any

import pytest

from rescind import wiring
from rescind.admin.operations import ROUTES
from rescind.rules.access_tokens import sign_access_token
from tests.functions.conftest import Answer, Stack, recorded
from tests.things import (
    PASSWORD,
    SESSION_ID,
    SETTINGS,
    SIGNING_KEY,
    TOKEN_ID,
    USER_ID,
    a_user,
    some_claims,
)

NOBODY = "usr_" + "n" * 21 + "A"
OPERATOR = "arn:aws:sts::123456789012:assumed-role/operators/grace"


def ask(stack: Stack, method: str, resource: str, *, user_id: str = USER_ID, body: object = None) -> Answer:
    """Call an admin route as an admin."""
    event = recorded("admin")
    event |= {
        "httpMethod": method,
        "resource": resource,
        "pathParameters": {"user_id": user_id} if "{user_id}" in resource else None,
        "body": None if body is None else json.dumps(body),
    }
    return stack.answer("admin", event)


def refresh_status(stack: Stack, tokens: dict[str, Any]) -> int:
    event = recorded("refresh", body={"refresh_token": tokens["refresh_token"]})
    return stack.answer("refresh", event).status


def test_a_user_is_made_and_logs_in(stack: Stack) -> None:
    made = stack.answer("admin", recorded("admin"))

    assert made.status == 201
    assert made.body == {"user_id": made.body["user_id"], "username": "grace", "scope": "orders:read"}
    login = recorded("login", body={"username": "grace", "password": "a-password-of-hers"})
    assert stack.answer("login", login).status == 200


def test_a_username_is_given_once(stack: Stack) -> None:
    stack.answer("admin", recorded("admin"))

    again = stack.answer("admin", recorded("admin"))

    assert (again.status, again.body["error"]) == (409, "conflict")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"password": "short"}, id="short-password"),
        pytest.param({"scope": "two  spaces"}, id="scope"),
        pytest.param({"scope": ["admin"]}, id="scope-as-list"),
        pytest.param({"scope": "s" * 513}, id="scope-too-long"),
        pytest.param({"claims": []}, id="claims-as-list"),
        pytest.param({"claims": "gold"}, id="claims-as-text"),
        pytest.param({"claims": {"a": "x" * 2048}}, id="claims-too-large"),
    ],
)
def test_a_user_who_cannot_be_is_not_made(stack: Stack, changes: dict[str, Any]) -> None:
    body = {"username": "grace", "password": "a-password-of-hers", **changes}

    answer = stack.answer("admin", recorded("admin", body=body))

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert stack.stores.credentials.read("grace") is None


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "[1e999]"])
def test_a_claim_that_json_cannot_write_makes_no_user(stack: Stack, number: str) -> None:
    body = f'{{"username": "grace", "password": "a-password-of-hers", "claims": {{"n": {number}}}}}'

    answer = stack.answer("admin", recorded("admin") | {"body": body})

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert stack.stores.credentials.read("grace") is None


def test_the_longest_scope_is_given(stack: Stack) -> None:
    body = {"username": "grace", "password": "a-password-of-hers", "scope": "s" * 512}

    assert stack.answer("admin", recorded("admin", body=body)).status == 201


def test_a_user_is_shown_with_live_sessions_only(stack: Stack) -> None:
    ended = stack.log_in()
    stack.log_in()
    stack.stores.sessions.end(USER_ID, ended["session_id"], now=1)

    answer = ask(stack, "GET", "/admin/users/{user_id}")

    assert answer.body == {
        "user_id": USER_ID,
        "username": "ada",
        "status": "active",
        "scope": "orders:read orders:write",
        "token_version": 7,
        "logged_out_at": 0,
        "claims": {"plan": "gold"},
        "sessions": 1,
    }


def test_a_disabled_user_has_no_live_token_and_gets_none(stack: Stack) -> None:
    tokens = stack.log_in()

    answer = ask(stack, "POST", "/admin/users/{user_id}/disable")

    assert (answer.status, answer.body["status"]) == (200, "disabled")
    assert refresh_status(stack, tokens) == 401
    assert stack.answer("login", recorded("login")).status == 401


def test_enabling_lets_log_in_again_and_brings_no_token_back(stack: Stack) -> None:
    tokens = stack.log_in()
    ask(stack, "POST", "/admin/users/{user_id}/disable")

    answer = ask(stack, "POST", "/admin/users/{user_id}/enable")

    assert (answer.status, answer.body["status"]) == (200, "active")
    assert refresh_status(stack, tokens) == 401
    assert stack.answer("login", recorded("login")).status == 200


def test_revoking_a_user_ends_tokens_and_nothing_else(stack: Stack) -> None:
    tokens = stack.log_in()

    answer = ask(stack, "POST", "/admin/users/{user_id}/revoke")

    assert (answer.status, answer.body["status"]) == (200, "active")
    assert refresh_status(stack, tokens) == 401
    assert stack.answer("login", recorded("login")).status == 200


def test_the_time_of_a_revocation_is_shown(stack: Stack) -> None:
    before = int(time.time())

    ask(stack, "POST", "/admin/users/{user_id}/revoke")

    shown = ask(stack, "GET", "/admin/users/{user_id}").body
    assert before <= shown["logged_out_at"] <= time.time()
    assert shown["token_version"] == 8


def test_a_deleted_user_is_gone(stack: Stack) -> None:
    tokens = stack.log_in()

    answer = ask(stack, "DELETE", "/admin/users/{user_id}")

    assert answer.status == 200
    assert answer.body.keys() == {"user_id", "effective_by"}
    assert refresh_status(stack, tokens) == 401
    assert stack.answer("login", recorded("login")).status == 401
    assert ask(stack, "GET", "/admin/users/{user_id}").status == 404


def test_a_user_whose_credential_is_gone_is_deleted(stack: Stack) -> None:
    wiring.dynamodb().delete_item(TableName="Credentials", Key={"username": {"S": "ada"}})

    assert ask(stack, "DELETE", "/admin/users/{user_id}").status == 200

    assert stack.stores.users.read(USER_ID) is None
    assert ask(stack, "DELETE", "/admin/users/{user_id}").status == 404


# A request about a user that is right in all but the user.
RIGHT = {"scope": "orders:read", "password": "a-password-of-theirs"}


@pytest.mark.parametrize(("method", "resource"), [route for route in ROUTES if "{user_id}" in route[1]])
@pytest.mark.parametrize(
    ("user_id", "status"),
    [
        pytest.param(NOBODY, 404, id="unknown"),
        pytest.param("ada", 400, id="a-name"),
        pytest.param(USER_ID.lower(), 400, id="another-case"),
        pytest.param(SESSION_ID, 400, id="the-id-of-a-session"),
        pytest.param("", 400, id="empty"),
    ],
)
def test_an_unknown_user_is_404_and_a_malformed_id_400(
    stack: Stack, method: str, resource: str, user_id: str, status: int
) -> None:
    assert ask(stack, method, resource, user_id=user_id, body=RIGHT).status == status
    by_operator = operate(stack, ROUTES[method, resource], parameters={**RIGHT, "user_id": user_id})
    assert by_operator.status == status
    assert stack.stores.users.read(USER_ID) == a_user(logged_out_at=0)


def test_an_access_token_is_taken_back_and_its_session_lives(stack: Stack) -> None:
    tokens = stack.log_in()

    answer = ask(stack, "POST", "/admin/tokens/revoke", body={"token": tokens["access_token"]})

    assert answer.body["revoked"] == "token"
    assert refresh_status(stack, tokens) == 200


def test_an_access_token_that_time_has_ended_is_nothing_to_take_back(stack: Stack) -> None:
    now = int(time.time())
    expired = sign_access_token(some_claims(iat=now - 900, exp=now), key=SIGNING_KEY)

    answer = ask(stack, "POST", "/admin/tokens/revoke", body={"token": expired})

    assert (answer.status, answer.body["revoked"]) == (200, "nothing")
    state = stack.stores.states.of_token(jti=TOKEN_ID, user_id=USER_ID, session_id=SESSION_ID)
    assert not state.blocked


def test_a_refresh_token_is_taken_back_with_its_session(stack: Stack) -> None:
    tokens = stack.log_in()
    body = {"token": tokens["refresh_token"]}

    assert ask(stack, "POST", "/admin/tokens/revoke", body=body).body["revoked"] == "session"
    assert ask(stack, "POST", "/admin/tokens/revoke", body=body).body["revoked"] == "nothing"
    assert refresh_status(stack, tokens) == 401


def test_a_session_is_taken_back_by_its_ids(stack: Stack) -> None:
    tokens = stack.log_in()
    body = {"user_id": USER_ID, "session_id": tokens["session_id"], "reason": "stolen laptop"}

    assert ask(stack, "POST", "/admin/tokens/revoke", body=body).body["revoked"] == "session"
    assert refresh_status(stack, tokens) == 401


def test_a_token_is_taken_back_by_its_id_alone(stack: Stack) -> None:
    answer = ask(stack, "POST", "/admin/tokens/revoke", body={"token_id": TOKEN_ID})

    assert answer.body["revoked"] == "token"
    state = stack.stores.states.of_token(jti=TOKEN_ID, user_id=USER_ID, session_id=SESSION_ID)
    assert state.blocked


def test_what_is_no_token_takes_nothing_back(stack: Stack) -> None:
    answer = ask(stack, "POST", "/admin/tokens/revoke", body={"token": "garbage"})

    assert (answer.status, answer.body["revoked"]) == (200, "nothing")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"token_id": "tok_short"}, id="malformed-id"),
        pytest.param({"user_id": USER_ID}, id="half-a-session"),
        pytest.param({"user_id": "ada", "session_id": SESSION_ID}, id="malformed-user-id"),
        pytest.param({"user_id": USER_ID, "session_id": "ses_1"}, id="malformed-session-id"),
        pytest.param({"token": "a", "token_id": TOKEN_ID}, id="two-at-once"),
    ],
)
def test_an_unclear_request_takes_nothing_back(stack: Stack, body: dict[str, str]) -> None:
    answer = ask(stack, "POST", "/admin/tokens/revoke", body=body)

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def test_the_admin_routes_need_the_scope_admin(stack: Stack) -> None:
    event = recorded("admin")
    event["requestContext"]["authorizer"]["scope"] = "orders:read administrator"

    answer = stack.answer("admin", event)

    assert (answer.status, answer.body["error"]) == (403, "insufficient_scope")
    assert stack.stores.credentials.read("grace") is None


def test_the_admin_routes_refuse_without_an_authorizer(stack: Stack) -> None:
    event = recorded("admin", body={"username": "grace", "password": PASSWORD})
    del event["requestContext"]["authorizer"]

    assert stack.answer("admin", event).status == 401
    assert stack.stores.credentials.read("grace") is None


def operate(stack: Stack, operation: object, **members: object) -> Answer:
    """Invoke the function as an operator does, whom IAM has let in."""
    return stack.answer("admin", {"operation": operation, **members})


def test_an_operator_makes_the_first_admin_by_invoking_the_function(stack: Stack) -> None:
    first = {"username": "grace", "password": "a-password-of-hers", "scope": "admin"}

    made = operate(stack, "createUser", operator=OPERATOR, parameters=first)

    assert (made.status, made.body["scope"]) == (201, "admin")
    assert stack.answer("login", recorded("login", body=first)).status == 200


def test_what_api_gateway_sends_is_never_an_operators(stack: Stack) -> None:
    """A client chooses the body, and nothing of what stands around it."""
    event = recorded("admin") | {"operation": "createUser", "parameters": {"username": "eve"}}
    del event["requestContext"]["authorizer"]

    assert stack.answer("admin", event).status == 401
    for member in ("requestContext", "httpMethod", "resource"):
        assert operate(stack, "disableUser", **{member: event[member]}).status != 200


@pytest.mark.parametrize(
    ("members", "status"),
    [
        pytest.param({"parameters": []}, 400, id="parameters-as-list"),
        pytest.param({"operator": "me"}, 400, id="operator-without-arn"),
        pytest.param({"operator": 1}, 400, id="operator-as-number"),
        pytest.param({"body": "{}"}, 400, id="another-member"),
        pytest.param({"operation": "dropTables"}, 404, id="unknown-operation"),
        pytest.param({"operation": {}}, 404, id="operation-as-object"),
    ],
)
def test_an_operators_request_of_another_form_does_nothing(
    stack: Stack, members: dict[str, object], status: int
) -> None:
    event = {"operation": "deleteUser", "parameters": {"user_id": USER_ID}, **members}

    assert stack.answer("admin", event).status == status
    assert stack.stores.users.read(USER_ID) is not None


def test_an_operator_is_told_how_the_deployment_is_set_up(stack: Stack) -> None:
    before = time.time() * 1000

    answer = operate(stack, "checkDeployment", operator=OPERATOR)

    assert answer.status == 200
    assert before - 1 <= answer.body["now_ms"] <= time.time() * 1000
    assert answer.body["settings"]["revocation_delay_seconds"] == 0
    assert answer.body["settings"]["allowed_origins"] == ["https://app.example.com"]
    assert [table["table"] for table in answer.body["tables"]] == [
        "credentials",
        "users",
        "sessions",
        "blocklist",
        "revocations",
        "attempts",
        "keys",
    ]
    assert {table["status"] for table in answer.body["tables"]} == {"ACTIVE"}


def test_of_the_proxys_secret_only_whether_there_is_one_is_told(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "5e" * 32
    monkeypatch.setenv("CLIENT_ADDRESS_HEADER", "X-Real-Ip")
    monkeypatch.setenv("PROXY_SECRET_SHA256", secret)

    settings = operate(stack, "checkDeployment").body["settings"]

    assert secret not in json.dumps(settings)
    assert (settings["proxy_secret_is_set"], settings["client_address_header"]) == (True, "x-real-ip")


def test_every_setting_is_told_or_kept_back_on_purpose(stack: Stack) -> None:
    told = operate(stack, "checkDeployment").body["settings"].keys()

    kept_back = {field.name for field in fields(SETTINGS)} - told
    assert kept_back == {"proxy_secret_sha256"} | {
        # The tables have their names beside them.
        f"{table}_table"
        for table in ("credentials", "users", "sessions", "blocklist", "revocations", "attempts", "keys")
    }


def test_a_deployment_is_checked_by_operators_only(stack: Stack) -> None:
    event = recorded("admin") | {"resource": "/admin/deployment", "operation": "checkDeployment"}

    assert stack.answer("admin", event).status == 404
