from typing import Any

import pytest

from rescind_local.gateway.answers import MalformedAnswerError, proxy_response
from rescind_local.gateway.gateway_responses import gateway_response

DECLARED = {
    "UNAUTHORIZED": {
        "statusCode": "401",
        "responseParameters": {"gatewayresponse.header.WWW-Authenticate": "'Bearer error=\"x\"'"},
        "responseTemplates": {"application/json": '{"error": "invalid_token"}'},
    },
    "DEFAULT_4XX": {
        "responseParameters": {"gatewayresponse.header.Cache-Control": "'no-store'"},
        "responseTemplates": {"application/json": '{"error": "invalid_request"}'},
    },
    "DEFAULT_5XX": {"responseTemplates": {"application/json": '{"error": "server_error"}'}},
}


def headers_of(answer: dict[str, Any]) -> list[tuple[str, str]]:
    headers = proxy_response(answer).raw_headers
    return [(name.decode(), value.decode()) for name, value in headers if name != b"content-length"]


def test_an_answer_becomes_a_response() -> None:
    made = proxy_response({"statusCode": 201, "headers": {"X-Own": "1"}, "body": "grüße"})

    assert made.status_code == 201
    assert made.headers["x-own"] == "1"
    assert made.headers["content-type"] == "application/json"
    assert made.body == "grüße".encode()


def test_repeated_headers_stay_apart_and_win_over_a_single_one() -> None:
    headers = headers_of(
        {
            "statusCode": 200,
            "headers": {"set-cookie": "lost=1", "Content-Type": "text/plain"},
            "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]},
        }
    )

    assert headers == [("content-type", "text/plain"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]


def test_scalars_are_headers_too() -> None:
    headers = headers_of({"statusCode": "200", "headers": {"x-a": 1, "x-b": True, "content-type": "x"}})

    assert headers == [("x-a", "1"), ("x-b", "true"), ("content-type", "x")]


@pytest.mark.parametrize("name", ["WWW-Authenticate", "Authorization", "Date", "Server", "Content-Length"])
def test_a_header_that_the_gateway_keeps_for_itself_is_renamed(name: str) -> None:
    headers = headers_of({"statusCode": 401, "headers": {name: "x", "content-type": "y"}})

    assert headers == [(f"x-amzn-Remapped-{name}", "x"), ("content-type", "y")]


def test_a_base64_body_is_decoded() -> None:
    made = proxy_response({"statusCode": 200, "body": "/wA=", "isBase64Encoded": True})

    assert made.body == b"\xff\x00"


def test_a_204_has_no_body() -> None:
    made = proxy_response({"statusCode": 204, "body": "x"})

    assert made.body == b""
    assert "content-length" not in made.headers


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="none"),
        pytest.param("text", id="text"),
        pytest.param({"body": ""}, id="no status"),
        pytest.param({"statusCode": "ok"}, id="a status in words"),
        pytest.param({"statusCode": 99}, id="a status below"),
        pytest.param({"statusCode": 600}, id="a status above"),
        pytest.param({"statusCode": 200, "body": {"a": 1}}, id="a body that is an object"),
        pytest.param({"statusCode": 200, "headers": ["a"]}, id="headers in a list"),
        pytest.param({"statusCode": 200, "headers": {"a": None}}, id="a header without a value"),
        pytest.param({"statusCode": 200, "headers": {"a": "1\r\nb: 2"}}, id="a header of two lines"),
        pytest.param({"statusCode": 200, "headers": {"a b": "1"}}, id="a header with a space"),
        pytest.param({"statusCode": 200, "headers": {"a": "\u2026"}}, id="a header beyond latin-1"),
        pytest.param({"statusCode": 200, "multiValueHeaders": {"a": "1"}}, id="no list of values"),
        pytest.param({"statusCode": 200, "body": "%", "isBase64Encoded": True}, id="no base64"),
    ],
)
def test_what_is_no_proxy_response_is_refused(answer: Any) -> None:
    with pytest.raises(MalformedAnswerError):
        proxy_response(answer)


def test_a_declared_gateway_response_is_given_as_declared() -> None:
    made = gateway_response("UNAUTHORIZED", DECLARED)

    assert made.status_code == 401
    assert made.headers["www-authenticate"] == 'Bearer error="x"'
    assert made.headers["content-type"] == "application/json"
    assert made.body == b'{"error": "invalid_token"}'


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("ACCESS_DENIED", 403, b'{"error": "invalid_request"}'),
        ("REQUEST_TOO_LARGE", 413, b'{"error": "invalid_request"}'),
        ("FUNCTION_FAILED", 502, b'{"error": "server_error"}'),
        ("INTEGRATION_TIMEOUT", 504, b'{"error": "server_error"}'),
    ],
)
def test_an_undeclared_one_has_its_own_status_and_the_defaults_shape(
    kind: str, status: int, body: bytes
) -> None:
    made = gateway_response(kind, DECLARED)

    assert (made.status_code, made.body) == (status, body)
    assert ("cache-control" in made.headers) == (status < 500)


def test_without_any_declaration_it_answers_as_api_gateway_does() -> None:
    made = gateway_response("MISSING_AUTHENTICATION_TOKEN", {})

    assert (made.status_code, made.body) == (403, b'{"message": "Missing Authentication Token"}')


def test_a_defaults_status_holds_for_what_is_not_declared() -> None:
    declared = {"DEFAULT_4XX": {"statusCode": 418}, "UNAUTHORIZED": {"statusCode": 401}}

    assert gateway_response("ACCESS_DENIED", declared).status_code == 418
    assert gateway_response("UNAUTHORIZED", declared).status_code == 401
