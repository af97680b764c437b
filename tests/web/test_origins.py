"""Which pages may read an answer, and which may use the cookie."""

import pytest

from rescind.web.origins import check_cookie_origin, cors_headers
from rescind.web.requests import InvalidRequestError
from tests.things import a_request

APP = "https://app.example.com"
OTHER = "https://other.example.com"
ALLOWED = frozenset({APP, OTHER})
OWN_HEADERS = [("Host", "api.example.com"), ("X-Forwarded-Proto", "https")]

FOREIGN = [
    pytest.param("https://evil.example.com", id="a foreign one"),
    pytest.param("null", id="null, as from a sandboxed frame"),
    pytest.param("", id="empty"),
    pytest.param("*", id="a star"),
    pytest.param("http://app.example.com", id="without TLS"),
    pytest.param("https://app.example.com:8443", id="another port"),
    pytest.param("https://app.example.com/", id="with a path"),
    pytest.param("https://APP.example.com", id="in capitals"),
    pytest.param("https://app.example.com.evil.example", id="an allowed one with more behind it"),
    pytest.param("https://evil-app.example.com", id="an allowed one with more before it"),
    pytest.param(f"{APP}, {OTHER}", id="two in one"),
]


@pytest.mark.parametrize("origin", [APP, OTHER])
def test_a_page_of_an_allowed_origin_may_read_the_answer(origin: str) -> None:
    headers = cors_headers(a_request(("Origin", origin)), allowed=ALLOWED)

    assert headers == {
        "Vary": "Origin",
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "Retry-After, x-amzn-Remapped-WWW-Authenticate",
    }


@pytest.mark.parametrize("origin", FOREIGN)
def test_any_other_page_learns_nothing_but_that_it_depends(origin: str) -> None:
    assert cors_headers(a_request(("Origin", origin)), allowed=ALLOWED) == {"Vary": "Origin"}


def test_without_origin_or_with_two_nobody_is_named() -> None:
    assert cors_headers(a_request(), allowed=ALLOWED) == {"Vary": "Origin"}
    assert cors_headers(a_request(("Origin", APP), ("origin", OTHER)), allowed=ALLOWED) == {"Vary": "Origin"}


@pytest.mark.parametrize("origin", [APP, OTHER, "https://api.example.com"])
def test_the_cookie_is_for_this_origin_and_the_allowed_ones(origin: str) -> None:
    check_cookie_origin(a_request(*OWN_HEADERS, ("Origin", origin)), allowed=ALLOWED)


def test_the_cookie_is_for_who_sends_no_origin_at_all() -> None:
    check_cookie_origin(a_request(*OWN_HEADERS), allowed=ALLOWED)


@pytest.mark.parametrize(
    "origin",
    [
        *FOREIGN,
        pytest.param("http://api.example.com", id="its own without TLS"),
        pytest.param("https://api.example.com:444", id="its own on another port"),
    ],
)
def test_the_cookie_is_not_for_a_foreign_page(origin: str) -> None:
    with pytest.raises(InvalidRequestError, match="origin"):
        check_cookie_origin(a_request(*OWN_HEADERS, ("Origin", origin)), allowed=ALLOWED)


def test_the_cookie_is_not_for_a_page_that_is_only_partly_allowed() -> None:
    event = a_request(*OWN_HEADERS, ("Origin", APP), ("origin", "https://evil.example.com"))

    with pytest.raises(InvalidRequestError):
        check_cookie_origin(event, allowed=ALLOWED)


@pytest.mark.parametrize("origin", ["", "https://", "null"], ids=repr)
def test_an_event_without_host_is_nobodys_own_origin(origin: str) -> None:
    with pytest.raises(InvalidRequestError):
        check_cookie_origin(a_request(("Origin", origin)), allowed=ALLOWED)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([("Sec-Fetch-Site", "same-origin")], id="this origin's own page"),
        pytest.param([("Sec-Fetch-Site", "none")], id="typed by the user"),
        pytest.param([("Sec-Fetch-Site", "cross-site"), ("Origin", APP)], id="an allowed page elsewhere"),
        pytest.param([("Sec-Fetch-Site", "same-site"), ("Origin", APP)], id="an allowed page nearby"),
    ],
)
def test_the_cookie_is_for_a_page_that_the_browser_says_is_here_or_allowed(
    headers: list[tuple[str, str]],
) -> None:
    check_cookie_origin(a_request(*OWN_HEADERS, *headers), allowed=ALLOWED)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([("Sec-Fetch-Site", "cross-site")], id="a page elsewhere that names no origin"),
        pytest.param([("Sec-Fetch-Site", "same-site")], id="a neighbour that names no origin"),
        pytest.param([("Sec-Fetch-Site", "")], id="empty"),
        pytest.param([("Sec-Fetch-Site", "Same-Origin")], id="none of the words"),
        pytest.param(
            [("Sec-Fetch-Site", "cross-site"), ("Origin", "https://api.example.com")],
            id="elsewhere and here at once",
        ),
        pytest.param(
            [("Sec-Fetch-Site", "same-origin"), ("Origin", "https://evil.example.com")], id="a foreign one"
        ),
        pytest.param([("Sec-Fetch-Site", "same-origin"), ("sec-fetch-site", "cross-site")], id="both"),
    ],
)
def test_the_cookie_is_not_for_a_page_that_the_browser_says_is_elsewhere(
    headers: list[tuple[str, str]],
) -> None:
    with pytest.raises(InvalidRequestError):
        check_cookie_origin(a_request(*OWN_HEADERS, *headers), allowed=ALLOWED)
