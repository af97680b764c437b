"""How other issuers tell that a login has ended, and what they are answered."""

from rescind.web.forms import form
from rescind.web.requests import Event, InvalidRequestError, body_of, header_values, optional_text
from rescind.web.responses import Response

_LONGEST = 8192
_SECURITY_EVENT = "application/secevent+jwt"


def logout_token_of(event: Event) -> str:
    """Of a form (OpenID Connect Back-Channel Logout 1.0 section 2.5)."""
    token = optional_text(form(event), "logout_token", longest=_LONGEST)
    if token is None:
        raise InvalidRequestError("logout_token is missing. The body is a form: logout_token=<token>.")
    return token


def security_event_of(event: Event) -> str:
    """The body itself (RFC 8935 section 2.1)."""
    types = [each.partition(";")[0].strip().lower() for each in header_values(event, "content-type")]
    if types != [_SECURITY_EVENT]:
        raise InvalidRequestError(f"Send one security event token, with Content-Type: {_SECURITY_EVENT}.")
    return body_of(event).decode("utf-8", "replace").strip()


def event_received() -> Response:
    """RFC 8935 section 2.2."""
    return Response(202, None)


def event_refused(description: str) -> Response:
    """RFC 8935 section 2.3, which has names of its own for what an error has."""
    return Response(400, {"err": "invalid_request", "description": description})
