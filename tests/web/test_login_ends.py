"""Other issuers tell that a login has ended: by a form with a logout token, or a security event as a body."""

import base64
from typing import Any

import pytest

from rescind.web.login_ends import event_received, event_refused, logout_token_of, security_event_of
from rescind.web.requests import InvalidRequestError, TooLargeError
from rescind.web.responses import Response
from tests.things import a_request

FORM = ("Content-Type", "application/x-www-form-urlencoded")
EVENT = ("Content-Type", "application/secevent+jwt")


def a_logout(body: str | None, *headers: tuple[str, str]) -> dict[str, Any]:
    return a_request(*(headers or [FORM]), body=body)


def an_event(body: str | None, *headers: tuple[str, str]) -> dict[str, Any]:
    return a_request(*(headers or [EVENT]), body=body)


@pytest.mark.parametrize(
    "body",
    [
        "logout_token=a.b.c",
        "logout_token=a.b.c&other=1",
        "state=x&logout_token=a%2Eb.c",
        "&logout_token=a.b.c&",
    ],
)
def test_a_logout_token_is_a_parameter_of_a_form(body: str) -> None:
    assert logout_token_of(a_logout(body)) == "a.b.c"


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(a_logout(None), id="no body"),
        pytest.param(a_logout("other=1"), id="another parameter"),
        pytest.param(a_logout("logout_token="), id="an empty one"),
        pytest.param(a_logout("LOGOUT_TOKEN=a.b.c"), id="capitals"),
        pytest.param(a_logout("logout_token=a.b.c&logout_token=d.e.f"), id="two of them"),
        pytest.param(a_logout('{"logout_token": "a.b.c"}'), id="JSON under the type of a form"),
        pytest.param(a_logout("logout_token=a.b.c", ("Content-Type", "application/json")), id="another type"),
        pytest.param(a_logout("logout_token=a.b.c", ("Accept", "*/*")), id="no type"),
        pytest.param(a_logout("logout_token=%ff"), id="no UTF-8"),
    ],
)
def test_what_is_no_such_form_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError):
        logout_token_of(event)


def test_its_sender_learns_how_a_logout_is_sent() -> None:
    with pytest.raises(InvalidRequestError) as error:
        logout_token_of(a_logout("other=1"))

    assert str(error.value) == "logout_token is missing. The body is a form: logout_token=<token>."


def test_a_form_over_8_kib_is_not_read() -> None:
    with pytest.raises(TooLargeError):
        logout_token_of(a_logout("logout_token=" + "x" * 8192))


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(an_event("a.b.c"), id="as it is"),
        pytest.param(an_event("a.b.c\r\n"), id="a line"),
        pytest.param(an_event("a.b.c", ("content-type", " Application/SecEvent+JWT ")), id="in capitals"),
        pytest.param(an_event("a.b.c", (EVENT[0], f"{EVENT[1]}; charset=utf-8")), id="with a charset"),
        pytest.param(
            a_request(EVENT, body=base64.b64encode(b"a.b.c").decode(), isBase64Encoded=True), id="base64"
        ),
    ],
)
def test_a_security_event_is_the_body(event: dict[str, Any]) -> None:
    assert security_event_of(event) == "a.b.c"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([("Accept", "application/json")], id="no type"),
        pytest.param([FORM], id="a form"),
        pytest.param([("Content-Type", "application/jwt")], id="any token"),
        pytest.param([EVENT, EVENT], id="two types"),
        pytest.param([EVENT, FORM], id="two that differ"),
    ],
)
def test_a_body_of_another_type_is_none(headers: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidRequestError) as error:
        security_event_of(an_event("a.b.c", *headers))

    said = "Send one security event token, with Content-Type: application/secevent+jwt."
    assert str(error.value) == said


@pytest.mark.parametrize(
    ("body", "read"),
    [(None, ""), ("", ""), ("\u00e9", "\u00e9"), ("  ", "")],
    ids=["none", "empty", "text", "blanks"],
)
def test_what_is_no_token_is_left_to_whoever_verifies_it(body: str | None, read: str) -> None:
    assert security_event_of(an_event(body)) == read


def test_bytes_that_are_no_text_are_no_token_and_no_failure() -> None:
    event = a_request(EVENT, body=base64.b64encode(b"\xff\xfe").decode(), isBase64Encoded=True)

    assert security_event_of(event) == "\ufffd\ufffd"


def test_an_event_over_8_kib_is_not_read() -> None:
    with pytest.raises(TooLargeError):
        security_event_of(an_event("x" * 8193))


def test_an_event_is_answered_as_rfc_8935_has_it() -> None:
    assert event_received() == Response(202, None)
    assert event_refused("why") == Response(400, {"err": "invalid_request", "description": "why"})
