"""What API Gateway asks and is told, in each of the three forms of an authorizer."""

import json
from pathlib import Path
from typing import Any

import pytest

from rescind.verdict import Allow, AllowByFeed
from rescind.web.authorizer import UnauthorizedError, allowed, presented_access_token, refused
from rescind.web.caller import caller
from rescind.web.requests import Event
from tests.things import NOW, SESSION_ID, TOKEN_ID, USER_ID, a_user, some_claims

ALLOW = Allow(some_claims(), a_user(), "orders:read")
CONTEXT = {
    "sub": USER_ID,
    "sid": SESSION_ID,
    "jti": TOKEN_ID,
    "scope": "orders:read",
    "exp": NOW + 800,
    "claims": '{"plan":"gold"}',
}


def recorded(name: str) -> dict[str, Any]:
    text = (Path(__file__).parent.parent / "events" / f"{name}.json").read_text(encoding="utf-8")
    event: dict[str, Any] = json.loads(text)
    return event


REST_REQUEST = recorded("authorizer-rest-request")
REST_TOKEN = recorded("authorizer-rest-token")
HTTP_API = recorded("authorizer-http-api")

FORMS = [
    pytest.param(REST_REQUEST, id="REST, REQUEST"),
    pytest.param(REST_TOKEN, id="REST, TOKEN"),
    pytest.param(HTTP_API, id="HTTP API"),
]
REST_FORMS = FORMS[:2]


@pytest.mark.parametrize("event", FORMS)
def test_the_token_is_the_bearer_of_the_request(event: Event) -> None:
    assert presented_access_token(event) == "not.a.token"


@pytest.mark.parametrize("value", ["", "Basic YTpi", "Bearer ", "Bearer a b", "not.a.token"], ids=repr)
@pytest.mark.parametrize("event", FORMS)
def test_another_authorization_is_no_token(event: Event, value: str) -> None:
    changed = {
        **event,
        "authorizationToken": value,
        "headers": {"authorization": value},
        "multiValueHeaders": {"Authorization": [value]},
    }

    assert presented_access_token(changed) is None


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({**REST_REQUEST, "headers": None, "multiValueHeaders": None}, id="REST, REQUEST"),
        pytest.param({**REST_TOKEN, "authorizationToken": None}, id="REST, TOKEN, null"),
        pytest.param({"type": "TOKEN", "methodArn": REST_TOKEN["methodArn"]}, id="REST, TOKEN"),
        pytest.param({**HTTP_API, "headers": {}}, id="HTTP API"),
    ],
)
def test_without_authorization_there_is_no_token(event: Event) -> None:
    assert presented_access_token(event) is None


def test_two_authorization_headers_are_no_token() -> None:
    twice = {"Authorization": ["Bearer a.b.c", "Bearer a.b.c"]}

    assert presented_access_token({**REST_REQUEST, "multiValueHeaders": twice}) is None


@pytest.mark.parametrize(
    ("method_arn", "resource"),
    [
        pytest.param(
            "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/GET/auth/me",
            "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/*",
            id="aws",
        ),
        pytest.param(
            "arn:aws-cn:execute-api:cn-north-1:123456789012:abcdef1234/prod/POST/orders/1/lines",
            "arn:aws-cn:execute-api:cn-north-1:123456789012:abcdef1234/prod/*",
            id="aws-cn",
        ),
        pytest.param(
            "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:abcdef1234/v1/DELETE/",
            "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:abcdef1234/v1/*",
            id="the root of an API",
        ),
        pytest.param(
            "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/GET/a/*/prod/GET",
            "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/*",
            id="a path that looks like a resource",
        ),
    ],
)
@pytest.mark.parametrize("event", REST_FORMS)
def test_a_policy_covers_the_whole_stage_and_no_other(event: Event, method_arn: str, resource: str) -> None:
    answer = allowed({**event, "methodArn": method_arn}, ALLOW)

    assert answer == {
        "principalId": USER_ID,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": resource},
            ],
        },
        "context": CONTEXT,
    }


@pytest.mark.parametrize("event", FORMS)
def test_by_the_feed_the_context_has_no_claims(event: Event) -> None:
    context = allowed(event, AllowByFeed(some_claims(), "orders:read"))["context"]

    assert context == {name: value for name, value in CONTEXT.items() if name != "claims"}


def test_an_http_api_gets_a_real_boolean() -> None:
    answer = allowed(HTTP_API, ALLOW)

    assert answer == {"isAuthorized": True, "context": CONTEXT}
    assert answer["isAuthorized"] is True


@pytest.mark.parametrize("event", FORMS)
def test_the_context_is_strings_and_numbers_only(event: Event) -> None:
    context = allowed(event, ALLOW)["context"]

    assert {name: type(value) for name, value in context.items()} == {
        "sub": str,
        "sid": str,
        "jti": str,
        "scope": str,
        "exp": int,
        "claims": str,
    }


@pytest.mark.parametrize("event", REST_FORMS)
def test_a_rest_api_is_told_exactly_unauthorized(event: Event) -> None:
    with pytest.raises(UnauthorizedError) as refusal:
        refused(event)

    # Any other message would be a 500.
    assert str(refusal.value) == "Unauthorized"
    assert refusal.value.args == ("Unauthorized",)


def test_an_http_api_is_told_false_and_nothing_else() -> None:
    answer = refused(HTTP_API)

    assert answer == {"isAuthorized": False}
    assert answer["isAuthorized"] is False


@pytest.mark.parametrize("event", FORMS)
def test_what_the_authorizer_tells_is_what_the_function_behind_it_reads(event: Event) -> None:
    context = json.loads(json.dumps(allowed(event, ALLOW)["context"]))
    passed_on = {"lambda": context} if event is HTTP_API else {key: str(context[key]) for key in context}

    who = caller({"requestContext": {"authorizer": passed_on}})

    assert (who.user_id, who.session_id, who.token_id) == (USER_ID, SESSION_ID, TOKEN_ID)
    assert (who.scope, who.expires_at, who.claims) == ("orders:read", NOW + 800, {"plan": "gold"})
