"""JWTs that another issuer has signed: taken apart strictly, and given out once its key has verified them.

What one is for, and whether it is good, `subject_tokens` and `logout_tokens` decide.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from rescind.reasons import Reason
from rescind.rules.access_tokens import InvalidTokenError
from rescind.rules.provider_keys import ProviderKey
from rescind.rules.trusted_issuers import TrustedIssuer

_LONGEST = 8192
_LONGEST_IDENTIFIER = 255
_FORM = re.compile(r"(([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+))\.([A-Za-z0-9_-]+)")
# More than clocks differ, as with access tokens of our own.
AHEAD_SECONDS = 60
_LATEST_TIME = 2**53


class IssuerKeys(Protocol):
    def key_of(self, issuer: str, kid: str, *, now: int) -> ProviderKey | None: ...


@dataclass(frozen=True, slots=True)
class IssuerToken:
    """A token that one of the trusted issuers has signed, whatever it is for."""

    issuer: TrustedIssuer
    type: str
    """The header's `typ` in lower case, without `application/`; empty where it has none."""
    claims: Mapping[str, Any] = field(repr=False)
    digest: str
    """Of what is signed, without the signature: some can be written in more ways than one."""

    def time(self, name: str) -> int:
        """A time that must be there, in epoch seconds (RFC 7519 section 2, NumericDate).

        Raises:
            InvalidTokenError: there is none.
        """
        value = self.claims.get(name)
        # Not isinstance: true is an int to Python.
        if type(value) is not int or not 0 <= value <= _LATEST_TIME:
            raise InvalidTokenError(Reason.WRONG_CLAIMS)
        return value

    def text(self, name: str) -> str | None:
        """An identifier of a subject, a login or a token; None where there is none.

        Raises:
            InvalidTokenError: it is something else.
        """
        value = self.claims.get(name)
        return None if value is None else identifier_text(value)

    def is_for(self, *clients: object) -> bool:
        """Whether its `aud` has one of the audiences that its issuer is trusted for (RFC 7519 section 4.1.3).

        Args:
            clients: what counts as `aud` where it has none.
        """
        aud = self.claims.get("aud", list(clients))
        audiences = aud if isinstance(aud, list) else [aud]
        return any(each in audiences for each in self.issuer.audiences)

    def issued_at(self, *, longest_seconds: int, now: int) -> int:
        """Its `iat`, where that is neither ahead nor more than `longest_seconds` ago.

        Raises:
            InvalidTokenError: it is, or is not there.
        """
        issued_at = self.time("iat")
        if max(issued_at, self.time("nbf") if "nbf" in self.claims else 0) > now + AHEAD_SECONDS:
            raise InvalidTokenError(Reason.FROM_THE_FUTURE)
        if now - issued_at > longest_seconds:
            raise InvalidTokenError(Reason.TOO_OLD)
        return issued_at

    def check_expiry(self, *, now: int) -> None:
        """Return when it has an `exp`, and that is ahead (RFC 7519 section 4.1.4).

        Raises:
            InvalidTokenError: it is not.
        """
        if self.time("exp") <= now:
            raise InvalidTokenError(Reason.EXPIRED)


def verify_issuer_token(
    token: str, *, issuers: Mapping[str, TrustedIssuer], keys: IssuerKeys, now: int
) -> IssuerToken:
    """The token, when one of these issuers has signed it (RFC 7519 section 7.2). It may be of any age.

    Raises:
        InvalidTokenError: it has not.
        UnavailableError: the issuer's keys could not be read.
    """
    parts = _FORM.fullmatch(token) if len(token) <= _LONGEST else None
    if parts is None:
        raise InvalidTokenError(Reason.MALFORMED)
    signed, header_part, payload, signature = parts.groups()
    header, claims = _object(header_part), _object(payload)
    algorithm, kid, typ = header.get("alg"), header.get("kid"), header.get("typ", "")
    # What `crit` names must be understood (RFC 7515 section 4.1.11), and nothing of it is here.
    if not (isinstance(algorithm, str) and isinstance(kid, str) and isinstance(typ, str)) or "crit" in header:
        raise InvalidTokenError(Reason.MALFORMED)
    # Nobody has verified it yet: it chooses among the keys of those we trust, and no more.
    issuer = issuers.get(iss) if isinstance(iss := claims.get("iss"), str) else None
    if issuer is None:
        raise InvalidTokenError(Reason.UNKNOWN_ISSUER)
    key = keys.key_of(issuer.issuer, kid, now=now)
    if key is None:
        raise InvalidTokenError(Reason.UNKNOWN_KEY)
    if not key.verifies(signed.encode("ascii"), _decode(signature), algorithm=algorithm):
        raise InvalidTokenError(Reason.BAD_SIGNATURE)
    return IssuerToken(
        issuer=issuer,
        type=typ.lower().removeprefix("application/"),
        claims=claims,
        digest=digest_of(signed),
    )


def identifier_text(value: object) -> str:
    """1 to 255 printable characters of ASCII (OpenID Connect Core 1.0 section 2, of `sub`).

    Raises:
        InvalidTokenError: it is something else.
    """
    if not (
        isinstance(value, str)
        and 0 < len(value) <= _LONGEST_IDENTIFIER
        and value.isascii()
        and value.isprintable()
    ):
        raise InvalidTokenError(Reason.WRONG_CLAIMS)
    return value


def digest_of(*parts: str) -> str:
    """Parts that cannot be mistaken for others, as 43 characters of base64url: for keys of rows."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _object(part: str) -> dict[str, Any]:
    try:
        members = json.loads(
            _decode(part).decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        raise InvalidTokenError(Reason.MALFORMED) from error
    if not isinstance(members, dict):
        raise InvalidTokenError(Reason.MALFORMED)
    return members


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name comes twice")  # Two readers would not agree (RFC 7519 section 4).
    return members


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _decode(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as error:
        raise InvalidTokenError(Reason.MALFORMED) from error
