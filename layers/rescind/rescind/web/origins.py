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

    Where it names no origin, it may still say how far away the page is (Fetch Metadata, Sec-Fetch-Site).

    Raises:
        InvalidRequestError: the request says that it comes from elsewhere.
    """
    origins = header_values(event, "origin")
    foreign = any(origin != _own_origin(event) and origin not in allowed for origin in origins)
    sites = set(header_values(event, "sec-fetch-site"))
    # An allowed page is elsewhere, and its browser says so; "none" is the user's own doing.
    if foreign or not (sites <= {"same-origin", "none"} or any(origin in allowed for origin in origins)):
        raise InvalidRequestError("This origin may not use the cookie.")


def _own_origin(event: Event) -> str:
    # A page cannot set either header, so they tell where the browser believes it is.
    scheme = ",".join(header_values(event, "x-forwarded-proto"))
    return f"{scheme}://{','.join(header_values(event, 'host'))}"
