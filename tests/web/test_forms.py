"""What a form says, and what is no form."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.web.forms import form, token_of
from rescind.web.requests import InvalidRequestError, TooLargeError
from tests.things import a_request

FORM = ("Content-Type", "application/x-www-form-urlencoded")


def sent(body: str | bytes | None, *headers: tuple[str, str]) -> dict[str, Any]:
    if isinstance(body, bytes):
        encoded = base64.b64encode(body).decode()
        return a_request(*(headers or [FORM]), body=encoded, isBase64Encoded=True)
    return a_request(*(headers or [FORM]), body=body)


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        pytest.param("a=b&c=d", {"a": "b", "c": "d"}, id="two"),
        pytest.param(b"a=b&c=d", {"a": "b", "c": "d"}, id="base64"),
        pytest.param("a=b=c", {"a": "b=c"}, id="an equals sign in the value"),
        pytest.param("a=b;c=d", {"a": "b;c=d"}, id="a semicolon separates nothing"),
        pytest.param("a=b+c", {"a": "b c"}, id="a plus sign is a space"),
        pytest.param("a=b%2Bc", {"a": "b+c"}, id="an encoded one is itself"),
        pytest.param("a=%00", {"a": "\0"}, id="a NUL"),
        pytest.param("a=%26c%3Dd", {"a": "&c=d"}, id="encoded separators"),
        pytest.param("a=%25%32%36", {"a": "%26"}, id="decoded once"),
        pytest.param("%61=b", {"a": "b"}, id="an encoded name"),
        pytest.param("a=\u00e9%C3%A9", {"a": "\u00e9\u00e9"}, id="UTF-8, encoded or not"),
        pytest.param("a=%zz%4", {"a": "%zz%4"}, id="percent signs that begin nothing"),
        pytest.param("a=&b&c=d", {"c": "d"}, id="without a value is absent"),
        pytest.param("&a=b&&", {"a": "b"}, id="nothing between two ampersands"),
        pytest.param("=b", {"": "b"}, id="no name"),
        pytest.param("A=b&a=c", {"A": "b", "a": "c"}, id="case counts"),
        pytest.param("", {}, id="empty"),
        pytest.param(None, {}, id="no body"),
    ],
)
def test_a_form_is_its_parameters(body: str | bytes | None, parameters: dict[str, str]) -> None:
    assert form(sent(body)) == parameters


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "APPLICATION/X-WWW-Form-UrlEncoded",
        "application/x-www-form-urlencoded; charset=UTF-8",
        "application/x-www-form-urlencoded;charset=iso-8859-1",
        " application/x-www-form-urlencoded ;",
    ],
)
def test_a_content_type_may_be_written_in_several_ways(content_type: str) -> None:
    assert form(sent("a=%C3%A9", ("content-type", content_type))) == {"a": "\u00e9"}


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(a_request(body="a=b"), id="no content type"),
        pytest.param(sent('{"a": "b"}', ("Content-Type", "application/json")), id="JSON"),
        pytest.param(sent("a=b", ("Content-Type", "text/plain")), id="text"),
        pytest.param(sent("a=b", ("Content-Type", "multipart/form-data; boundary=a")), id="multipart"),
        pytest.param(sent("a=b", ("Content-Type", "application/x-www-form-urlencoded2")), id="longer"),
        pytest.param(sent("a=b", ("Content-Type", f"{FORM[1]}, {FORM[1]}")), id="two in one header"),
        pytest.param(sent("a=b", FORM, FORM), id="two headers"),
        pytest.param(sent("a=b", FORM, ("content-type", "application/json")), id="two types"),
        pytest.param(sent("a=b&a=b"), id="a name twice"),
        pytest.param(sent("a=b&%61=c"), id="a name twice, encoded once"),
        pytest.param(sent("a=b&a="), id="a name twice, once empty"),
        pytest.param(sent("a=b&a"), id="a name twice, once alone"),
        pytest.param(sent(b"a=\xff"), id="bytes that are not UTF-8"),
        pytest.param(sent("a=%ff"), id="encoded bytes that are not UTF-8"),
        pytest.param(sent("%ff=a"), id="a name that is not UTF-8"),
        pytest.param(sent("a=%c3&b=%a9"), id="half a character each"),
        pytest.param(sent("a=%ed%a0%80"), id="a lone surrogate"),
        pytest.param(sent("a=\ud800"), id="a lone surrogate as it is"),
        pytest.param(sent("a=b".encode("utf-16")), id="UTF-16"),
    ],
)
def test_another_body_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError):
        form(event)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(sent("a=" + "x" * 8191), id="a byte over"),
        pytest.param(sent(b"a=" + b"x" * 8191), id="in base64"),
        pytest.param(sent("&" * 1_000_000), id="a megabyte of nothing"),
        pytest.param(sent("x" * 9000, ("Content-Type", "application/json")), id="of another type"),
    ],
)
def test_a_body_over_8_kib_is_too_large(event: dict[str, Any]) -> None:
    with pytest.raises(TooLargeError):
        form(event)


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=99)


@given(parameters=st.dictionaries(NAMES, VALUES, max_size=5), ignored=st.sampled_from(["", "&", "&&"]))
def test_what_an_encoder_writes_is_read_as_it_was(parameters: dict[str, str], ignored: str) -> None:
    assert form(sent(urlencode(parameters) + ignored)) == parameters


@given(first=VALUES, second=VALUES | st.just(""), name=NAMES)
def test_a_name_that_comes_twice_is_refused_whatever_it_says(first: str, second: str, name: str) -> None:
    with pytest.raises(InvalidRequestError):
        form(sent(urlencode([(name, first), ("other" + name, "x"), (name, second)])))


FRAGMENTS = ["token", "=", "&", ";", "%", "%00", "%ff", "%26", "+", "a", "\u00e9", "{", '"', " ", "\0"]


@settings(deadline=None)
@given(body=st.lists(st.sampled_from(FRAGMENTS)).map("".join) | st.text() | st.binary())
def test_any_body_is_a_form_or_refused(*, body: str | bytes) -> None:
    try:
        parameters = form(sent(body))
    except InvalidRequestError:
        return

    assert all(parameters.values())
    json.dumps(parameters).encode("utf-8")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("token=a.b", id="alone"),
        pytest.param("token=a.b&token_type_hint=refresh_token", id="a hint"),
        pytest.param("token=a.b&token_type_hint=no+such+type", id="a hint that nobody knows"),
        pytest.param("token=a.b&token_type_hint=", id="an empty hint"),
        pytest.param("token=a.b&client_id=app&client_secret=secret&audience=%00", id="what is not ours"),
    ],
)
def test_a_token_is_what_the_form_says_of_it(body: str) -> None:
    assert token_of(sent(body)) == "a.b"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param("", "token is missing", id="nothing"),
        pytest.param("token=", "token is missing", id="empty"),
        pytest.param("token", "token is missing", id="a name alone"),
        pytest.param("Token=a", "token is missing", id="another case"),
        pytest.param('{"token": "a.b"}', "token is missing. The body is a form", id="JSON by mistake"),
        pytest.param("token=a&token=b", "more than once", id="two tokens"),
        pytest.param(f"token=a&token_type_hint={'x' * 257}", "token_type_hint must have", id="a long hint"),
    ],
)
def test_a_request_without_one_token_is_told_what_to_fix(body: str, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        token_of(sent(body))


def test_json_by_mistake_is_told_the_content_type() -> None:
    with pytest.raises(InvalidRequestError, match="Content-Type: application/x-www-form-urlencoded"):
        token_of(sent('{"token": "a.b"}', ("Content-Type", "application/json")))


def test_the_query_string_holds_no_token() -> None:
    event = sent("") | {"queryStringParameters": {"token": "a.b"}}

    with pytest.raises(InvalidRequestError):
        token_of(event)
