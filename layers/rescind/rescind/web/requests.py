"""What a request holds, taken apart strictly: every function below returns a checked value or raises.

An event is API Gateway's, of a REST API or of an HTTP API; headers are found whatever their case.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

Event = Mapping[str, Any]

MAX_BODY_BYTES = 8192
_BEARER = re.compile(r"(?i:Bearer) +([A-Za-z0-9._~+/-]+=*)")


class InvalidRequestError(Exception):
    """The request is malformed; the message tells its sender what to fix."""


class TooLargeError(Exception):
    """The body is over 8 KiB."""


def header_values(event: Event, name: str) -> list[str]:
    """Every value that was sent under this name, in any case and in any number."""
    # A REST API gives both members; the first one keeps duplicates apart.
    headers: Mapping[str, Any] = event.get("multiValueHeaders") or event.get("headers") or {}
    found: list[str] = []
    for key, value in headers.items():
        if key.lower() == name and value is not None:
            found.extend(value if isinstance(value, list) else [value])
    return found


def bearer_token(event: Event) -> str | None:
    """The token of the one `Authorization: Bearer` header (RFC 6750 section 2.1).

    None when there is none, when there are several, or when it is of another form.
    """
    values = header_values(event, "authorization")
    match = _BEARER.fullmatch(values[0]) if len(values) == 1 else None
    return match[1] if match else None


def json_object(event: Event) -> dict[str, Any]:
    """The body as a JSON object; an absent one is an empty object.

    Raises:
        TooLargeError: it is over 8 KiB.
        InvalidRequestError: it is not UTF-8, not JSON, or no object.
    """
    body = body_of(event)
    if not body:
        return {}
    try:
        members = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError("The body is not JSON in UTF-8.") from error
    if not isinstance(members, dict):
        raise InvalidRequestError("The body is not a JSON object.")
    return members


def text(members: Mapping[str, Any], name: str, *, shortest: int = 1, longest: int) -> str:
    """A required string, its length in characters within bounds."""
    value = optional_text(members, name, shortest=shortest, longest=longest)
    if value is None:
        raise InvalidRequestError(f"{name} is missing.")
    return value


def optional_text(members: Mapping[str, Any], name: str, *, shortest: int = 1, longest: int) -> str | None:
    """A string, or None where it is absent or null."""
    value = members.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidRequestError(f"{name} is not a string.")
    if not shortest <= len(value) <= longest:
        raise InvalidRequestError(f"{name} must have {shortest} to {longest} characters.")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidRequestError(f"{name} is not Unicode text.") from error
    return value


def flag(members: Mapping[str, Any], name: str) -> bool:
    """A boolean; false where it is absent or null."""
    value = members.get(name)
    if value is not None and not isinstance(value, bool):
        raise InvalidRequestError(f"{name} is not true or false.")
    return bool(value)


def body_of(event: Event) -> bytes:
    """The bytes of the body; none where there is no body.

    Raises:
        TooLargeError: it is over 8 KiB.
        InvalidRequestError: it is no text in UTF-8, or not the base64 that it says it is.
    """
    body = event.get("body") or ""
    # Base64 is a third longer than what it holds; nothing larger is decoded.
    if len(body) > 2 * MAX_BODY_BYTES:
        raise TooLargeError
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise InvalidRequestError("The body is not text in UTF-8.") from error
    if len(raw) > MAX_BODY_BYTES:
        raise TooLargeError
    return bytes(raw)


def _no_constant(name: str) -> None:
    raise ValueError(name)  # Python reads NaN and Infinity; JSON has neither (RFC 8259 section 6).
