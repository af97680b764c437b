from dataclasses import replace
from typing import Any

from rescind_local.gateway.events import Incoming, method_arn, proxy_event, request_event

INCOMING = Incoming(
    method="GET",
    path="/users/a%20b",
    query="q=1&q=2&empty=",
    headers=[("host", "localhost:3000"), ("user-agent", "test"), ("accept", "a"), ("accept", "b")],
    body=b"",
    source_ip="127.0.0.1",
    port=3000,
    request_id="request-1",
)


def event_of(incoming: Incoming) -> dict[str, Any]:
    return request_event(incoming, resource="/users/{id}", path_parameters={"id": "a b"}, stage="prod")


def test_an_event_holds_the_request_as_a_rest_api_tells_it() -> None:
    event = event_of(INCOMING)

    assert event["resource"] == "/users/{id}"
    assert event["path"] == "/users/a%20b"
    assert event["httpMethod"] == "GET"
    assert event["pathParameters"] == {"id": "a b"}
    assert event["queryStringParameters"] == {"q": "2", "empty": ""}
    assert event["multiValueQueryStringParameters"] == {"q": ["1", "2"], "empty": [""]}
    assert event["headers"]["Accept"] == "b"
    assert event["multiValueHeaders"]["Accept"] == ["a", "b"]
    assert event["stageVariables"] is None


def test_an_event_says_where_the_request_came_from() -> None:
    event = event_of(INCOMING)

    context = event["requestContext"]
    assert context["identity"] == {"sourceIp": "127.0.0.1", "userAgent": "test"}
    assert context["requestId"] == "request-1"
    assert context["stage"] == "prod"
    assert context["resourcePath"] == "/users/{id}"
    assert context["domainName"] == "localhost:3000"
    assert isinstance(context["requestTimeEpoch"], int)
    assert event["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert event["headers"]["X-Forwarded-Port"] == "3000"
    assert event["headers"]["X-Forwarded-Proto"] == "http"


def test_a_client_cannot_say_where_it_comes_from_but_only_add_to_it() -> None:
    claimed = [("x-forwarded-for", "10.0.0.1"), ("x-forwarded-proto", "https")]

    event = event_of(replace(INCOMING, headers=claimed))

    assert event["multiValueHeaders"]["X-Forwarded-For"] == ["10.0.0.1, 127.0.0.1"]
    assert event["multiValueHeaders"]["X-Forwarded-Proto"] == ["http"]


def test_headers_between_client_and_gateway_stay_there() -> None:
    hop = [("connection", "close"), ("transfer-encoding", "chunked"), ("content-length", "3"), ("te", "x")]

    event = event_of(replace(INCOMING, headers=hop))

    assert {name for name in event["headers"] if not name.startswith("X-Forwarded")} == set()


def test_what_is_absent_is_null_as_in_aws() -> None:
    bare = request_event(replace(INCOMING, query=""), resource="/", path_parameters={}, stage="prod")
    event = proxy_event(bare, b"", None)

    assert event["queryStringParameters"] is None
    assert event["multiValueQueryStringParameters"] is None
    assert event["pathParameters"] is None
    assert event["body"] is None
    assert event["isBase64Encoded"] is False
    assert "authorizer" not in event["requestContext"]


def test_a_body_is_text_or_else_base64() -> None:
    text = proxy_event(event_of(INCOMING), "grüße".encode(), None)
    binary = proxy_event(event_of(INCOMING), b"\xff\x00", None)

    assert (text["body"], text["isBase64Encoded"]) == ("grüße", False)
    assert (binary["body"], binary["isBase64Encoded"]) == ("/wA=", True)


def test_the_authorizers_context_is_added_and_the_authorizers_own_event_left_as_it_was() -> None:
    request = event_of(INCOMING)

    event = proxy_event(request, b"", {"principalId": "me"})

    assert event["requestContext"]["authorizer"] == {"principalId": "me"}
    assert "authorizer" not in request["requestContext"]


def test_the_method_arn_names_stage_method_and_path() -> None:
    arn = method_arn(INCOMING, "prod")

    assert arn == "arn:aws:execute-api:us-east-1:000000000000:local/prod/GET/users/a%20b"
