"""The refresh cookie, and strategy 6: what the answer to a logout makes a browser forget."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rescind.web.origins import check_cookie_origin
from rescind.web.requests import Event, InvalidRequestError, header_values, optional_text

COOKIE = "__Host-refresh_token"
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict"


class Transport(StrEnum):
    """How a refresh token travels."""

    BODY = "body"
    COOKIE = "cookie"


@dataclass(frozen=True, slots=True)
class PresentedToken:
    text: str | None
    transport: Transport


def presented_refresh_token(
    event: Event, members: dict[str, Any], *, allowed_origins: Collection[str]
) -> PresentedToken:
    """The refresh token of the body or, where the body has none, of the cookie.

    Raises:
        InvalidRequestError: it is mistyped, there are two cookies, or the cookie comes from a foreign page.
    """
    in_body = optional_text(members, "refresh_token", longest=8192)
    if in_body is not None:
        return PresentedToken(in_body, Transport.BODY)
    in_cookies = _cookie_values(event)
    if not in_cookies:
        return PresentedToken(None, Transport.BODY)
    check_cookie_origin(event, allowed=allowed_origins)
    if len(in_cookies) > 1:
        raise InvalidRequestError(f"There is more than one cookie {COOKIE}.")
    return PresentedToken(in_cookies[0], Transport.COOKIE)


def requested_transport(
    event: Event, members: dict[str, Any], *, allowed_origins: Collection[str]
) -> Transport:
    """The `transport` that the body asks for; `body` where it does not say.

    Raises:
        InvalidRequestError: it is neither, or asks for the cookie from a foreign page.
    """
    asked = optional_text(members, "transport", longest=6)
    if asked not in {None, *Transport}:
        raise InvalidRequestError("transport must be body or cookie.")
    transport = Transport(asked or Transport.BODY)
    if transport is Transport.COOKIE:
        check_cookie_origin(event, allowed=allowed_origins)
    return transport


def set_refresh_cookie(refresh_token: str, *, seconds: int) -> dict[str, str]:
    """The header with which a browser keeps the token, out of reach of scripts and of other sites."""
    return {"Set-Cookie": f"{COOKIE}={refresh_token}; Max-Age={seconds}; {_ATTRIBUTES}"}


def clear_refresh_cookie() -> dict[str, str]:
    """The headers with which a browser forgets: the cookie, and all that this origin stored."""
    return {
        "Set-Cookie": f"{COOKIE}=; Max-Age=0; {_ATTRIBUTES}",
        "Clear-Site-Data": '"cache", "storage"',
    }


def _cookie_values(event: Event) -> list[str]:
    pairs = [pair for header in header_values(event, "cookie") for pair in header.split(";")]
    named = [pair.strip().partition("=") for pair in pairs]
    return [value for name, _, value in named if name == COOKIE]
