"""Every answer of the contract: its status, its code, its shape, and that nobody keeps it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescind.web import responses
from rescind.web.origins import cors_headers
from rescind.web.responses import Response, to_api_gateway
from tests.things import a_request


@pytest.mark.parametrize(
    ("response", "status", "code"),
    [
        pytest.param(responses.invalid_request("why"), 400, "invalid_request", id="invalid_request"),
        pytest.param(responses.too_large(), 413, "invalid_request", id="too_large"),
        pytest.param(responses.invalid_grant("why"), 401, "invalid_grant", id="invalid_grant"),
        pytest.param(responses.invalid_token(), 401, "invalid_token", id="invalid_token"),
        pytest.param(responses.insufficient_scope("a"), 403, "insufficient_scope", id="insufficient_scope"),
        pytest.param(responses.not_found("why"), 404, "not_found", id="not_found"),
        pytest.param(responses.conflict("why"), 409, "conflict", id="conflict"),
        pytest.param(responses.server_error(), 500, "server_error", id="server_error"),
        pytest.param(responses.temporarily_unavailable(), 503, "temporarily_unavailable", id="unavailable"),
    ],
)
def test_an_error_has_the_shape_of_rfc_6749(response: Response, status: int, code: str) -> None:
    assert response.status == status
    assert response.body is not None
    assert response.body.keys() == {"error", "error_description"}
    assert response.body["error"] == code
    assert response.body["error_description"]


@pytest.mark.parametrize(
    ("response", "headers"),
    [
        pytest.param(
            responses.invalid_token(),
            {"WWW-Authenticate": 'Bearer error="invalid_token"'},
            id="invalid_token",
        ),
        pytest.param(
            responses.insufficient_scope("orders:write"),
            {"WWW-Authenticate": 'Bearer error="insufficient_scope", scope="orders:write"'},
            id="insufficient_scope",
        ),
        pytest.param(responses.temporarily_unavailable(), {"Retry-After": "1"}, id="unavailable"),
        pytest.param(responses.invalid_grant("why"), {"WWW-Authenticate": "Bearer"}, id="invalid_grant"),
    ],
)
def test_an_error_says_in_its_headers_how_to_go_on(response: Response, headers: dict[str, str]) -> None:
    assert response.headers == headers


def test_an_answer_is_json_that_nobody_keeps() -> None:
    answer = to_api_gateway(responses.ok({"a": 1}))

    assert answer == {
        "statusCode": 200,
        "headers": {"Cache-Control": "no-store", "Content-Type": "application/json"},
        "body": '{"a":1}',
        "isBase64Encoded": False,
    }


def test_what_was_made_is_created() -> None:
    assert responses.created({"a": 1}) == Response(201, {"a": 1})


def test_an_answer_without_body_says_nothing_of_json() -> None:
    answer = to_api_gateway(responses.no_content({"X": "y"}))

    assert answer["statusCode"] == 204
    assert answer["body"] == ""
    assert answer["headers"] == {"Cache-Control": "no-store", "X": "y"}


def test_only_an_answer_itself_makes_itself_cacheable() -> None:
    cacheable = responses.ok({}, {"Cache-Control": "public, max-age=900"})

    assert to_api_gateway(cacheable)["headers"]["Cache-Control"] == "public, max-age=900"
    assert to_api_gateway(responses.ok({}), {"Vary": "Origin"})["headers"]["Cache-Control"] == "no-store"


def test_the_frames_headers_are_added_and_the_answers_own_outrank_them() -> None:
    response = responses.ok({}, {"A": "answer"})

    headers = to_api_gateway(response, {"A": "frame", "B": "frame"})["headers"]

    assert (headers["A"], headers["B"]) == ("answer", "frame")


def test_a_body_is_ascii_whatever_it_says() -> None:
    body = to_api_gateway(responses.ok({"a": "\u00e9\ud800"}))["body"]

    assert body.isascii()
    assert json.loads(body) == {"a": "\u00e9\ud800"}


ORIGINS = st.sampled_from(["https://app.example.com", "https://a.example", "*", "null", ""]) | st.text()


@given(sent=st.lists(ORIGINS, max_size=3), allowed=st.frozensets(ORIGINS.filter(lambda each: each != "*")))
def test_credentials_are_for_one_named_origin_and_never_for_a_star(
    sent: list[str], allowed: frozenset[str]
) -> None:
    event = a_request(*(("Origin", origin) for origin in sent))

    headers = to_api_gateway(responses.ok({}), cors_headers(event, allowed=allowed))["headers"]

    may_read = len(sent) == 1 and sent[0] in allowed
    assert headers.get("Access-Control-Allow-Origin") == (sent[0] if may_read else None)
    assert headers.get("Access-Control-Allow-Credentials") == ("true" if may_read else None)
    assert headers["Vary"] == "Origin"
    assert "*" not in headers.values()
