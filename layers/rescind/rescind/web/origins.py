"""Which pages may call this API from a browser (CORS), and which may use its cookie."""

from collections.abc import Collection

from rescind.web.requests import Event, InvalidRequestError, header_values


def cors_headers(event: Event, *, allowed: Collection[str]) -> dict[str, str]:
    """Let a page of an allowed origin read the answer, with credentials; say nothing to any other."""
    headers = {"Vary": "Origin"}
    origins = header_values(event, "origin")
    if len(origins) == 1 and origins[0] in allowed:
        headers["Access-Control-Allow-Origin"] = origins[0]
        headers["Access-Control-Allow-Credentials"] = "true"
        # A REST API renames a function's WWW-Authenticate, so a page has to ask for it by that name.
        headers["Access-Control-Expose-Headers"] = "Retry-After, x-amzn-Remapped-WWW-Authenticate"
    return headers


def check_cookie_origin(event: Event, *, allowed: Collection[str]) -> None:
    """A browser sends the cookie for whatever page asks: only this API's own and the allowed ones may.

    Raises:
        InvalidRequestError: the request says that it comes from elsewhere.
    """
    check_site(event, allowed=allowed)
    for origin in header_values(event, "origin"):
        if origin != _own_origin(event) and origin not in allowed:
            raise InvalidRequestError("This origin may not use the cookie.")


def check_site(event: Event, *, allowed: Collection[str]) -> None:
    """What a browser sends for a page elsewhere is refused, unless the page is an allowed one.

    A foreign page cannot read the answer. But it could make its visitors guess passwords, and so keep their
    networks from logging in. Sec-Fetch-Site is the browser's own word (Fetch Metadata).

    Raises:
        InvalidRequestError: a browser says that the page is elsewhere.
    """
    sites = set(header_values(event, "sec-fetch-site"))
    is_allowed = any(origin in allowed for origin in header_values(event, "origin"))
    # "none" is the user's own doing: an address that was typed, a bookmark.
    if not sites <= {"same-origin", "none"} and not is_allowed:
        raise InvalidRequestError("This page may not do that here.")


def _own_origin(event: Event) -> str:
    # A page cannot set either header, so they tell where the browser believes it is.
    scheme = ",".join(header_values(event, "x-forwarded-proto"))
    return f"{scheme}://{','.join(header_values(event, 'host'))}"
