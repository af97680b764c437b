"""The refresh cookie, kept and sent back, and strategy 6: what a logout makes a browser forget."""

import urllib.request
from email.message import Message
from http.cookiejar import CookieJar
from http.cookies import SimpleCookie
from typing import Any

import pytest

from rescind.web.cookies import (
    COOKIE,
    PresentedToken,
    Transport,
    clear_refresh_cookie,
    presented_refresh_token,
    requested_transport,
    set_refresh_cookie,
)
from rescind.web.requests import InvalidRequestError
from tests.things import a_request

API = "https://api.example.com"
ALLOWED = frozenset({"https://app.example.com"})
OWN_HEADERS = [("Host", "api.example.com"), ("X-Forwarded-Proto", "https")]


class Answer:
    """What `CookieJar` reads of a response."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._message = Message()
        for name, value in headers.items():
            self._message[name] = value

    def info(self) -> Message:
        return self._message


def request_to(url: str) -> urllib.request.Request:
    return urllib.request.Request(url)  # noqa: S310 - it is never sent


class Browser:
    """Keeps cookies and sends them back, as Python's own cookie jar does."""

    def __init__(self) -> None:
        self._jar = CookieJar()

    def receive(self, headers: dict[str, str]) -> None:
        self._jar.extract_cookies(Answer(headers), request_to(API))  # type: ignore[arg-type] # all it reads

    def cookie_for(self, url: str) -> str | None:
        request = request_to(url)
        self._jar.add_cookie_header(request)
        return request.get_header("Cookie")


def attributes(headers: dict[str, str]) -> dict[str, str | bool]:
    morsel = SimpleCookie(headers["Set-Cookie"])[COOKIE]
    return {name: value for name, value in morsel.items() if value}


# What a browser keeps and forgets


def test_a_browser_sends_the_kept_cookie_back_to_this_origin_only() -> None:
    browser = Browser()

    browser.receive(set_refresh_cookie("r1.token", seconds=600))

    assert browser.cookie_for(f"{API}/auth/refresh") == f"{COOKIE}=r1.token"
    assert browser.cookie_for("https://evil.example.com/") is None
    assert browser.cookie_for("http://api.example.com/") is None


def test_strategy_6_a_logout_makes_the_browser_forget_the_cookie() -> None:
    browser = Browser()
    browser.receive(set_refresh_cookie("r1.token", seconds=600))

    browser.receive(clear_refresh_cookie())

    assert browser.cookie_for(f"{API}/auth/refresh") is None


def test_strategy_6_a_logout_makes_the_browser_forget_what_the_pages_stored() -> None:
    # Not "cookies": that would take the cookies of every other application of this site.
    assert clear_refresh_cookie()["Clear-Site-Data"] == '"cache", "storage"'
    assert clear_refresh_cookie().keys() == {"Set-Cookie", "Clear-Site-Data"}


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites() -> None:
    assert attributes(set_refresh_cookie("r1.token", seconds=600)) == {
        "max-age": "600",
        "path": "/",
        "secure": True,
        "httponly": True,
        "samesite": "Strict",
    }


def test_a_browser_takes_a_deletion_only_with_the_attributes_of_the_cookie() -> None:
    assert attributes(clear_refresh_cookie()) == {
        **attributes(set_refresh_cookie("r1.token", seconds=600)),
        "max-age": "0",
    }
    assert SimpleCookie(clear_refresh_cookie()["Set-Cookie"])[COOKIE].value == ""


def test_the_name_makes_a_browser_insist_on_secure_and_on_this_host() -> None:
    assert COOKIE.startswith("__Host-")
    assert "domain" not in set_refresh_cookie("r1.token", seconds=600)["Set-Cookie"].lower()


# What a request presents


def presented(*headers: tuple[str, str], body: dict[str, Any] | None = None) -> PresentedToken:
    return presented_refresh_token(a_request(*headers), body or {}, allowed_origins=ALLOWED)


@pytest.mark.parametrize(
    "cookie",
    [
        pytest.param(f"{COOKIE}=r1.token", id="alone"),
        pytest.param(f"a=b; {COOKIE}=r1.token; c=d", id="among others"),
        pytest.param(f"a=b;{COOKIE}=r1.token", id="without spaces"),
        pytest.param(f"refresh_token=other; {COOKIE}=r1.token", id="beside one without the prefix"),
        pytest.param(f"{COOKIE.lower()}=other; {COOKIE}=r1.token", id="beside one in another case"),
    ],
)
def test_the_token_is_found_in_the_cookie(cookie: str) -> None:
    assert presented(("Cookie", cookie)) == PresentedToken("r1.token", Transport.COOKIE)


@pytest.mark.parametrize("headers", [[], [("Cookie", "a=b; refresh_token=r1.token")]], ids=["none", "others"])
def test_without_body_and_cookie_there_is_no_token(headers: list[tuple[str, str]]) -> None:
    assert presented(*headers) == PresentedToken(None, Transport.BODY)


def test_the_token_of_the_body_outranks_the_cookie() -> None:
    token = presented(("Cookie", f"{COOKIE}=r1.cookie"), body={"refresh_token": "r1.body"})

    assert token == PresentedToken("r1.body", Transport.BODY)


def test_the_token_of_the_body_may_come_from_any_page() -> None:
    headers = [("Cookie", f"{COOKIE}=r1.cookie"), ("Origin", "https://evil.example.com")]

    token = presented(*headers, body={"refresh_token": "r1.body"})

    assert token == PresentedToken("r1.body", Transport.BODY)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([("Cookie", f"{COOKIE}=a; {COOKIE}=b")], id="in one header"),
        pytest.param([("Cookie", f"{COOKIE}=a; {COOKIE}=a")], id="the same one"),
        pytest.param([("Cookie", f"{COOKIE}=a"), ("cookie", f"{COOKIE}=b")], id="in two headers"),
    ],
)
def test_two_cookies_of_the_name_are_refused(headers: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidRequestError, match=COOKIE):
        presented(*headers)


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param(None, id="none, as from curl"),
        pytest.param(API, id="this API's own"),
        pytest.param("https://app.example.com", id="an allowed one"),
    ],
)
def test_the_cookie_counts_from_this_origin_an_allowed_one_or_none(origin: str | None) -> None:
    headers = [*OWN_HEADERS, ("Cookie", f"{COOKIE}=r1.token")]
    event = a_request(*headers, *([("Origin", origin)] if origin else []))

    token = presented_refresh_token(event, {}, allowed_origins=ALLOWED)
    transport = requested_transport(event, {"transport": "cookie"}, allowed_origins=ALLOWED)

    assert token == PresentedToken("r1.token", Transport.COOKIE)
    assert transport is Transport.COOKIE


def test_the_cookie_does_not_count_from_a_foreign_page() -> None:
    foreign = [*OWN_HEADERS, ("Origin", "https://evil.example.com")]

    with pytest.raises(InvalidRequestError, match="origin"):
        presented(*foreign, ("Cookie", f"{COOKIE}=r1.token"))
    with pytest.raises(InvalidRequestError, match="origin"):
        requested_transport(a_request(*foreign), {"transport": "cookie"}, allowed_origins=ALLOWED)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="empty"),
        pytest.param("x" * 8193, id="over 8 KiB"),
        pytest.param(1, id="a number"),
        pytest.param(["r1.token"], id="a list"),
    ],
)
def test_a_token_in_the_body_is_a_string_of_at_most_8_kib(value: object) -> None:
    with pytest.raises(InvalidRequestError, match="refresh_token"):
        presented(("Cookie", f"{COOKIE}=r1.cookie"), body={"refresh_token": value})


@pytest.mark.parametrize(
    ("members", "transport"),
    [
        pytest.param({}, Transport.BODY, id="absent"),
        pytest.param({"transport": None}, Transport.BODY, id="null"),
        pytest.param({"transport": "body"}, Transport.BODY, id="body"),
        pytest.param({"transport": "cookie"}, Transport.COOKIE, id="cookie"),
    ],
)
def test_the_transport_is_the_body_unless_the_cookie_is_asked_for(
    members: dict[str, Any], transport: Transport
) -> None:
    assert requested_transport(a_request(), members, allowed_origins=ALLOWED) is transport


@pytest.mark.parametrize("value", ["", "Cookie", "header", "cookies", 1, True, ["cookie"]], ids=repr)
def test_another_transport_is_refused(value: object) -> None:
    with pytest.raises(InvalidRequestError, match="transport"):
        requested_transport(a_request(), {"transport": value}, allowed_origins=ALLOWED)
