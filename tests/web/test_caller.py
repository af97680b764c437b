"""Who is calling, behind either kind of gateway, and the one line that asks for a scope."""

import json
from dataclasses import replace
from typing import Any

import pytest

from rescind.web.caller import Caller, NoCallerError, caller, requires_scope
from rescind.web.requests import Event
from tests.things import NOW, SESSION_ID, TOKEN_ID, USER_ID

CONTEXT: dict[str, Any] = {
    "sub": USER_ID,
    "sid": SESSION_ID,
    "jti": TOKEN_ID,
    "scope": "orders:read orders:write",
    "exp": NOW + 800,
    "claims": '{"plan":"gold"}',
}
ADA = Caller(USER_ID, SESSION_ID, TOKEN_ID, "orders:read orders:write", NOW + 800, {"plan": "gold"})


def of_rest_api(**changes: Any) -> dict[str, Any]:
    """A REST API makes strings of the context and adds its own members."""
    context = {name: str(value) for name, value in {**CONTEXT, **changes}.items()}
    return {"requestContext": {"authorizer": {**context, "principalId": USER_ID, "integrationLatency": 12}}}


def of_http_api(**changes: Any) -> dict[str, Any]:
    return {"version": "2.0", "requestContext": {"authorizer": {"lambda": {**CONTEXT, **changes}}}}


@pytest.mark.parametrize("event", [of_rest_api(), of_http_api()], ids=["REST API", "HTTP API"])
def test_the_caller_is_whom_the_authorizer_allowed(event: Event) -> None:
    assert caller(event) == ADA


def test_a_scope_that_did_not_arrive_is_no_scope() -> None:
    event = of_rest_api()
    del event["requestContext"]["authorizer"]["scope"]

    assert caller(event).scope == ""
    assert write_order(event, None)["statusCode"] == 403


def test_where_nobody_reads_the_claims_there_are_none() -> None:
    event = of_rest_api()
    del event["requestContext"]["authorizer"]["claims"]

    assert caller(event) == replace(ADA, claims={})


def test_a_caller_may_have_no_scope_and_no_claims() -> None:
    who = caller(of_rest_api(scope="", claims="{}"))

    assert (who.scope, who.claims) == ("", {})


NOBODY = [
    pytest.param({}, id="no request context"),
    pytest.param({"requestContext": None}, id="a null request context"),
    pytest.param({"requestContext": {}}, id="no authorizer"),
    pytest.param({"requestContext": {"authorizer": None}}, id="a null authorizer"),
    pytest.param({"requestContext": {"authorizer": {}}}, id="an empty authorizer"),
    pytest.param({"requestContext": {"authorizer": {"lambda": None}}}, id="an empty one of an HTTP API"),
    pytest.param(
        {"requestContext": {"authorizer": {"claims": {"sub": USER_ID}}}}, id="a user pool's authorizer"
    ),
    pytest.param(
        {"requestContext": {"authorizer": {"jwt": {"claims": CONTEXT, "scopes": None}}}},
        id="a JWT authorizer",
    ),
    pytest.param({"requestContext": {"authorizer": {"iam": {"userId": USER_ID}}}}, id="IAM"),
    pytest.param(
        {"requestContext": {"authorizer": {"principalId": USER_ID}}}, id="another Lambda authorizer"
    ),
    pytest.param({"headers": {"sub": USER_ID}, **CONTEXT}, id="members in the wrong place"),
    pytest.param(of_rest_api(exp="soon"), id="an exp that is no number"),
    pytest.param(of_rest_api(claims="gold"), id="claims that are no JSON"),
    *[
        pytest.param(
            {"requestContext": {"authorizer": {key: value for key, value in CONTEXT.items() if key != name}}},
            id=f"no {name}",
        )
        for name in CONTEXT
        if name not in {"scope", "claims"}
    ],
]


@pytest.mark.parametrize("event", NOBODY)
def test_without_the_authorizer_there_is_no_caller(event: Event) -> None:
    with pytest.raises(NoCallerError):
        caller(event)


@requires_scope("orders:write")
def write_order(event: Event, _context: Any) -> dict[str, Any]:
    """Writes an order."""
    return {"statusCode": 200, "body": caller(event).user_id}


@pytest.mark.parametrize("api", [of_rest_api, of_http_api], ids=["REST API", "HTTP API"])
def test_a_caller_with_the_scope_gets_through(api: Any) -> None:
    assert write_order(api(), None) == {"statusCode": 200, "body": USER_ID}


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param("", id="none"),
        pytest.param("orders:read", id="another"),
        pytest.param("orders:write2 my:orders:write", id="names that contain it"),
        pytest.param("ORDERS:WRITE", id="another case"),
    ],
)
def test_a_caller_without_the_scope_is_told_so(scope: str) -> None:
    answer = write_order(of_rest_api(scope=scope), None)

    assert answer["statusCode"] == 403
    assert json.loads(answer["body"])["error"] == "insufficient_scope"
    assert 'scope="orders:write"' in answer["headers"]["WWW-Authenticate"]
    assert answer["headers"]["Cache-Control"] == "no-store"


@pytest.mark.parametrize("event", NOBODY)
def test_a_guarded_function_refuses_when_somebody_forgot_the_authorizer(event: Event) -> None:
    answer = write_order(event, None)

    assert answer["statusCode"] == 401
    assert json.loads(answer["body"])["error"] == "invalid_token"


def test_a_guarded_function_keeps_its_name() -> None:
    assert (write_order.__name__, write_order.__doc__) == ("write_order", "Writes an order.")
