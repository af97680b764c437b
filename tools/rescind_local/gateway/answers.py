"""Turns what a function returned into the HTTP response that API Gateway would make of it."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.responses import Response

# API Gateway keeps these for itself, so a function's arrive under another name.
_REMAPPED = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "content-md5",
        "date",
        "expect",
        "host",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "trailer",
        "upgrade",
        "user-agent",
        "www-authenticate",
    }
)
_BODILESS = (204, 304)


class MalformedAnswerError(Exception):
    """The function returned something that is no proxy response."""


def proxy_response(answer: Any) -> Response:
    """Raises `MalformedAnswerError`."""
    if not isinstance(answer, Mapping):
        raise MalformedAnswerError("it is not an object")
    status = _status(answer)
    headers = list(_headers(answer))
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "application/json"))
    return response(status, headers, b"" if status in _BODILESS else _body(answer))


def response(status: int, headers: list[tuple[str, str]], body: bytes) -> Response:
    """Keeps repeated headers apart, as Set-Cookie needs."""
    made = Response(body, status)
    length = [pair for pair in made.raw_headers if pair[0] == b"content-length"]
    made.raw_headers = [*((name.encode(), value.encode("latin-1")) for name, value in headers), *length]
    return made


def _status(answer: Mapping[str, Any]) -> int:
    try:
        status = int(answer["statusCode"])
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedAnswerError("its statusCode is no number") from error
    if not 200 <= status <= 599:  # noqa: PLR2004 - HTTP's own
        raise MalformedAnswerError(f"its statusCode is {status}")
    return status


def _headers(answer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    single, multiple = answer.get("headers") or {}, answer.get("multiValueHeaders") or {}
    if not isinstance(single, Mapping) or not isinstance(multiple, Mapping):
        raise MalformedAnswerError("its headers are no object")
    several = {name.lower() for name in multiple}
    for name, value in single.items():
        if name.lower() not in several:
            yield _header(name, value)
    for name, values in multiple.items():
        if not isinstance(values, list):
            raise MalformedAnswerError(f"its multiValueHeaders have no list for {name}")
        for value in values:
            yield _header(name, value)


def _header(name: str, value: Any) -> tuple[str, str]:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if value is None or isinstance(value, (dict, list)) or not _is_header(name, text):
        raise MalformedAnswerError(f"its header {name!r} cannot be sent")
    if name.lower() in _REMAPPED:
        return f"x-amzn-Remapped-{name}", text
    return name.lower(), text


def _is_header(name: str, value: str) -> bool:
    return bool(re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name)) and not re.search(
        r"[^\t\x20-\x7e\x80-\xff]", value
    )


def _body(answer: Mapping[str, Any]) -> bytes:
    body = answer.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedAnswerError("its body is no string")
    if not answer.get("isBase64Encoded"):
        return body.encode(errors="surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedAnswerError("its body is not base64") from error
