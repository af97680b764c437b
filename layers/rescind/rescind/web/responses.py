"""Every answer of the HTTP contract: all status codes and error codes are in this module."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: Mapping[str, Any] | None
    headers: Mapping[str, str] = field(default_factory=dict)


def ok(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(200, body, headers or {})


def created(body: Mapping[str, Any]) -> Response:
    return Response(201, body)


def no_content(headers: Mapping[str, str]) -> Response:
    return Response(204, None, headers)


def invalid_request(description: str) -> Response:
    return _error(400, "invalid_request", description)


def too_large() -> Response:
    return _error(413, "invalid_request", "The body is over 8 KiB.")


def invalid_grant(description: str) -> Response:
    """401, where RFC 6749 section 5.2 has 400: see docs/decisions/0001.

    A 401 names a way to authenticate (RFC 9110 section 15.5.2), though nobody answers this one with a Bearer.
    """
    return _error(401, "invalid_grant", description, {"WWW-Authenticate": "Bearer"})


def wrong_current_password() -> Response:
    """400: who asks has a live token, and it stays live."""
    return _error(400, "invalid_grant", "The current password is wrong.")


def invalid_token() -> Response:
    """RFC 6750 section 3.1."""
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    return _error(401, "invalid_token", "This route needs a live access token.", headers)


def insufficient_scope(scope: str) -> Response:
    """RFC 6750 section 3.1."""
    headers = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'}
    return _error(403, "insufficient_scope", f"This route needs the scope {scope}.", headers)


def not_found(description: str) -> Response:
    return _error(404, "not_found", description)


def conflict(description: str) -> Response:
    return _error(409, "conflict", description)


def too_many_attempts(retry_after: int) -> Response:
    """RFC 6585 section 4; the same for accounts that do not exist."""
    description = "There have been too many failed attempts. Try again later."
    return _error(429, "too_many_attempts", description, {"Retry-After": str(retry_after)})


def server_error() -> Response:
    return _error(500, "server_error", "The service failed. The failure is in its log.")


def temporarily_unavailable() -> Response:
    """Nothing was decided and nothing handed out: the same request may be sent again after a second."""
    return _error(
        503,
        "temporarily_unavailable",
        "The service cannot answer at the moment. Try again.",
        {"Retry-After": "1"},
    )


def to_api_gateway(response: Response, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A Lambda proxy answer; `headers` are added, and nothing is ever cached that does not say so."""
    sent = {"Cache-Control": "no-store", **(headers or {}), **response.headers}
    if response.body is not None:
        sent["Content-Type"] = "application/json"
    return {
        "statusCode": response.status,
        "headers": sent,
        "body": "" if response.body is None else json.dumps(response.body, separators=(",", ":")),
        "isBase64Encoded": False,
    }


def _error(status: int, code: str, description: str, headers: Mapping[str, str] | None = None) -> Response:
    """RFC 6749 section 5.2."""
    return Response(status, {"error": code, "error_description": description}, headers or {})
