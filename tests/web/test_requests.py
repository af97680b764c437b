"""What is taken out of a request, and what is refused before it gets anywhere."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.web.requests import (
    InvalidRequestError,
    TooLargeError,
    bearer_token,
    flag,
    header_values,
    json_object,
    optional_text,
    text,
)
from tests.things import a_request

# Headers


@pytest.mark.parametrize(
    ("event", "values"),
    [
        pytest.param(a_request(("Origin", "a")), ["a"], id="REST, its usual case"),
        pytest.param(a_request(("oRIGIN", "a")), ["a"], id="REST, any case"),
        pytest.param(a_request(("Origin", "a"), ("Origin", "b")), ["a", "b"], id="REST, twice"),
        pytest.param(a_request(("Origin", "a"), ("origin", "b")), ["a", "b"], id="REST, twice in two cases"),
        pytest.param({"headers": {"origin": "a"}}, ["a"], id="HTTP API"),
        pytest.param({"headers": {"Origin": "a"}, "multiValueHeaders": None}, ["a"], id="one member only"),
        pytest.param(a_request(("Host", "a")), [], id="another header"),
        pytest.param({"headers": None, "multiValueHeaders": None}, [], id="no headers"),
        pytest.param({}, [], id="no member for headers"),
        pytest.param({"headers": {"Origin": None}}, [], id="null"),
    ],
)
def test_a_header_is_found_whatever_its_case_and_as_often_as_it_was_sent(
    event: dict[str, Any], values: list[str]
) -> None:
    assert header_values(event, "origin") == values


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        pytest.param([("Authorization", "Bearer a.b.c")], "a.b.c", id="as in RFC 6750"),
        pytest.param([("authorization", "bearer a.b.c")], "a.b.c", id="in lower case"),
        pytest.param([("AUTHORIZATION", "BEARER a.b.c")], "a.b.c", id="in capitals"),
        pytest.param([("Authorization", "Bearer   a.b.c")], "a.b.c", id="several spaces"),
        pytest.param([("Authorization", "Bearer a-_~+/.b==")], "a-_~+/.b==", id="every letter of b64token"),
        pytest.param([], None, id="no header"),
        pytest.param([("Authorization", "")], None, id="empty"),
        pytest.param([("Authorization", "Bearer")], None, id="no token"),
        pytest.param([("Authorization", "Bearer ")], None, id="an empty token"),
        pytest.param([("Authorization", "a.b.c")], None, id="no scheme"),
        pytest.param([("Authorization", "Basic YTpi")], None, id="another scheme"),
        pytest.param([("Authorization", "Bearera.b.c")], None, id="no space"),
        pytest.param([("Authorization", "Bearer\ta.b.c")], None, id="a tab"),
        pytest.param([("Authorization", " Bearer a.b.c")], None, id="a space before"),
        pytest.param([("Authorization", "Bearer a.b.c ")], None, id="a space behind"),
        pytest.param([("Authorization", "Bearer a.b.c\n")], None, id="a newline behind"),
        pytest.param([("Authorization", "Bearer a b")], None, id="two words"),
        pytest.param([("Authorization", "Bearer a.b.c, Bearer d.e.f")], None, id="two joined by a comma"),
        pytest.param([("Authorization", "Bearer =a")], None, id="padding before"),
        pytest.param([("Authorization", "Bearer \u00e9")], None, id="not ASCII"),
        pytest.param([("Authorization", "Bearer a"), ("Authorization", "Bearer a")], None, id="twice"),
        pytest.param([("Authorization", "Bearer a"), ("authorization", "Bearer b")], None, id="in two cases"),
    ],
)
def test_a_bearer_token_is_that_of_the_one_authorization_header(
    headers: list[tuple[str, str]], token: str | None
) -> None:
    assert bearer_token(a_request(*headers)) == token


# Bodies


def in_base64(raw: bytes) -> dict[str, Any]:
    return a_request(body=base64.b64encode(raw).decode(), isBase64Encoded=True)


@pytest.mark.parametrize(
    ("event", "members"),
    [
        pytest.param(a_request(body='{"a": "\u00e9"}'), {"a": "\u00e9"}, id="text"),
        pytest.param(in_base64('{"a": "\u00e9"}'.encode()), {"a": "\u00e9"}, id="base64"),
        pytest.param(a_request(body=None), {}, id="null"),
        pytest.param(a_request(body=""), {}, id="empty"),
        pytest.param({}, {}, id="absent"),
        pytest.param(a_request(body="{}"), {}, id="an empty object"),
        pytest.param(a_request(body=' {"a": 1}\n'), {"a": 1}, id="white space around it"),
        pytest.param(a_request(body='{"a": "%s"}' % ("x" * 8183)), {"a": "x" * 8183}, id="8 KiB"),
        pytest.param(in_base64(b'{"a": "%s"}' % (b"x" * 8183)), {"a": "x" * 8183}, id="8 KiB in base64"),
    ],
)
def test_a_body_is_a_json_object(event: dict[str, Any], members: dict[str, Any]) -> None:
    assert json_object(event) == members


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(a_request(body="a=b"), id="a form"),
        pytest.param(a_request(body="{"), id="half an object"),
        pytest.param(a_request(body="{} {}"), id="two objects"),
        pytest.param(a_request(body="[]"), id="a list"),
        pytest.param(a_request(body='"text"'), id="a string"),
        pytest.param(a_request(body="1"), id="a number"),
        pytest.param(a_request(body="null"), id="null"),
        pytest.param(a_request(body=" "), id="a space"),
        pytest.param(a_request(body="\0"), id="a NUL"),
        pytest.param(a_request(body='{"a": NaN}'), id="NaN"),
        pytest.param(a_request(body='{"a": -Infinity}'), id="Infinity"),
        pytest.param(a_request(body='{"a": %s}' % ("9" * 5000)), id="a number of 5000 digits"),
        pytest.param(a_request(body="\ufeff{}"), id="a BOM"),
        pytest.param(a_request(body='{"a": "\ud800"}'), id="a lone surrogate"),
        pytest.param(a_request(body="[" * 8000), id="nested deeply"),
        pytest.param(a_request(body='{"a":' * 1600), id="objects nested deeply"),
        pytest.param(in_base64(b'{"a": "\xff"}'), id="bytes that are not UTF-8"),
        pytest.param(in_base64("{}".encode("utf-16")), id="UTF-16"),
        pytest.param(a_request(body="{}", isBase64Encoded=True), id="not base64"),
        pytest.param(a_request(body="e30", isBase64Encoded=True), id="base64 without padding"),
        pytest.param(a_request(body="e3\u00e9=", isBase64Encoded=True), id="base64 that is not ASCII"),
    ],
)
def test_another_body_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError):
        json_object(event)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(a_request(body='{"a": "%s"}' % ("x" * 8184)), id="a byte over"),
        pytest.param(a_request(body='{"a": "%s"}' % ("\u00e9" * 4092)), id="a byte over, in fewer letters"),
        pytest.param(in_base64(b'{"a": "%s"}' % (b"x" * 8184)), id="a byte over in base64"),
        pytest.param(a_request(body="!" * 1_000_000, isBase64Encoded=True), id="a megabyte, never decoded"),
    ],
)
def test_a_body_over_8_kib_is_too_large(event: dict[str, Any]) -> None:
    with pytest.raises(TooLargeError):
        json_object(event)


@settings(deadline=None, max_examples=200)
@given(body=st.text(st.characters(exclude_categories=[])) | st.binary(), encoded=st.booleans())
def test_any_body_is_an_object_or_refused(*, body: str | bytes, encoded: bool) -> None:
    sent = base64.b64encode(body).decode() if isinstance(body, bytes) else body

    try:
        members = json_object(a_request(body=sent, isBase64Encoded=encoded))
    except InvalidRequestError:
        return

    assert isinstance(members, dict)
    json.dumps(members, allow_nan=False)


# Members


@pytest.mark.parametrize("length", [1, 5], ids=["shortest", "longest"])
def test_a_text_within_its_bounds_is_taken(length: int) -> None:
    assert text({"name": "\u00e9" * length}, "name", longest=5) == "\u00e9" * length


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="empty"),
        pytest.param("x" * 6, id="too long"),
        pytest.param(1, id="a number"),
        pytest.param(True, id="true"),
        pytest.param(["x"], id="a list"),
        pytest.param({"x": 1}, id="an object"),
        pytest.param("\ud800", id="a lone surrogate"),
    ],
)
def test_another_text_is_refused_by_name(value: object) -> None:
    with pytest.raises(InvalidRequestError, match="name"):
        text({"name": value}, "name", longest=5)
    with pytest.raises(InvalidRequestError, match="name"):
        optional_text({"name": value}, "name", longest=5)


@pytest.mark.parametrize("members", [{}, {"name": None}], ids=["absent", "null"])
def test_a_text_that_is_absent_is_missing_unless_it_is_optional(members: dict[str, Any]) -> None:
    assert optional_text(members, "name", longest=5) is None
    with pytest.raises(InvalidRequestError, match="name is missing"):
        text(members, "name", longest=5)


def test_a_text_may_be_allowed_to_be_empty() -> None:
    assert optional_text({"name": ""}, "name", shortest=0, longest=5) == ""


@pytest.mark.parametrize(
    ("members", "value"),
    [
        pytest.param({"name": True}, True, id="true"),
        pytest.param({"name": False}, False, id="false"),
        pytest.param({"name": None}, False, id="null"),
        pytest.param({}, False, id="absent"),
    ],
)
def test_a_flag_is_true_or_false(members: dict[str, Any], *, value: bool) -> None:
    assert flag(members, "name") is value


@pytest.mark.parametrize("value", [0, 1, "true", "", [], {}], ids=repr)
def test_another_flag_is_refused_by_name(value: object) -> None:
    with pytest.raises(InvalidRequestError, match="name"):
        flag({"name": value}, "name")
