"""What a text claims that may be no token of ours: to show it to an operator, and never to decide by it.

It shows what is harmless to show. Anything long enough to be a signature or a mac stays out, so that no token
which hides inside another, or inside anything else, is shown by this.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rescind.rules.access_tokens import AccessTokenClaims

_HEADER = ("alg", "typ", "kid")
_KEY_ID = re.compile(r"[!-~]{1,64}")
_TEXT = re.compile(r"[ -~]{0,200}")
# A mac is 43 characters of base64url, a signature 86.
_LONG_AS_A_MAC = re.compile(r"[A-Za-z0-9_-]{43}")
# The end of the year 9999: as a time, nobody can show what is later.
_TOO_LARGE = 253_402_300_800


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """Of a JWT, whoever wrote it: what is of our names and harmless."""

    header: Mapping[str, str | int]
    claims: Mapping[str, str | int]


def unverified_access_token(text: str) -> UnverifiedToken | None:
    """What the text claims, checked by nobody; None where nothing in it is the header of a JWT (RFC 7519)."""
    parts = text.split(".")
    header = _json_object(parts[0])
    if header is None or len(parts) != 3:  # noqa: PLR2004 - header, payload, signature
        return None
    claims = _json_object(parts[1]) or {}
    return UnverifiedToken(
        {name: header[name] for name in _HEADER if _is_harmless(name, header.get(name))},
        {
            name: claims[name]
            for name in AccessTokenClaims.__dataclass_fields__
            if _is_harmless(name, claims.get(name))
        },
    )


def _json_object(part: str) -> dict[str, Any] | None:
    try:
        members = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return None
    return members if isinstance(members, dict) else None


def _is_harmless(name: str, value: object) -> bool:
    match value:
        case bool():
            return False
        case int():
            return 0 <= value < _TOO_LARGE
        case str() if name == "kid":
            # As long as a mac, and of no use: whoever shows it must have had the token.
            return _KEY_ID.fullmatch(value) is not None
        case str():
            return _TEXT.fullmatch(value) is not None and _LONG_AS_A_MAC.search(value) is None
        case _:
            return False
