"""Reads what an issuer publishes, from where the operator is. No redirect is followed: no function does."""

import json
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError

from rescind_cli.checks.issuers import Published

_LARGEST_BYTES = 65_536
_PATIENCE_SECONDS = 5
_ALLOWED = ("https://", "http://127.0.0.1:", "http://localhost:")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """None: the answer is then a failure as any other."""


_opener = urllib.request.build_opener(_NoRedirects)


def published_by(issuer: str) -> Published:
    """Its discovery document, and the JWK set that this names."""
    document: dict[str, Any] | None = None
    url = f"{issuer.removesuffix('/')}/.well-known/openid-configuration"
    try:
        document = _fetch(url)
        url = str(document.get("jwks_uri"))
        return Published(document, _fetch(url))
    except HTTPError as error:
        error.close()
        return Published(document, failure=f"{url} answers {error.code}", is_answer=True)
    except (OSError, HTTPException) as error:
        return Published(document, failure=f"{url}: {getattr(error, 'reason', error)}")
    except (ValueError, RecursionError) as error:
        return Published(document, failure=f"{url}: {error}", is_answer=True)


def _fetch(url: str) -> dict[str, Any]:
    if not url.startswith(_ALLOWED):
        raise ValueError("it is not https")
    request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310 - see above
    with _opener.open(request, timeout=_PATIENCE_SECONDS) as answer:
        raw = answer.read(_LARGEST_BYTES + 1)
    if len(raw) > _LARGEST_BYTES:
        raise ValueError("it is over 64 KiB")
    try:
        members = json.loads(raw)
    except ValueError as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(members, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - it is about what came
    return members
