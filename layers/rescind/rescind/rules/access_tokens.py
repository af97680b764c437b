"""Access tokens: a JWT in the profile of RFC 9068, signed with ES256, and read back strictly.

PyJWT checks the signature, `iss` and `aud`. Around it stands what PyJWT lets pass: second spellings of one
token, duplicate members, foreign headers, times that are no integers, identifiers of any length. Whether an
authentic token is still good is not asked here but in `verdict`.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

from rescind.reasons import Reason
from rescind.rules.identifiers import is_session_id, is_token_id, is_user_id
from rescind.rules.lifetimes import ACCESS_TOKEN_CEILING_SECONDS

_MAX_LENGTH = 8192
# Far more than clocks differ: a token from the future is a signer gone wrong, not a host a little ahead.
_IAT_AHEAD_SECONDS = 60
_FORM = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})")
# The order of P-256 (SEC 2 section 2.4.2): (r, s) and (r, n - s) both verify, so only the lower s counts.
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class InvalidTokenError(Exception):
    """The text is no token of ours; `reason` says why, for the log."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class AccessTokenClaims:
    """RFC 9068 section 2.2, and the lineage that makes a token revocable: `sid` and `ver`."""

    iss: str
    aud: str
    sub: str
    client_id: str
    iat: int
    exp: int
    jti: str
    sid: str
    ver: int
    scope: str
    auth_time: int


@dataclass(frozen=True, slots=True)
class SigningKey:
    kid: str
    private_key: EllipticCurvePrivateKey


def sign_access_token(claims: AccessTokenClaims, *, key: SigningKey) -> str:
    """The compact JWS of the claims (RFC 7515 section 7.1), its signature 64 raw bytes with low s."""
    token = jwt.encode(
        asdict(claims), key.private_key, algorithm="ES256", headers={"typ": "at+jwt", "kid": key.kid}
    )
    signed, _, signature = token.rpartition(".")
    raw = _decode(signature)
    s = int.from_bytes(raw[32:])
    low = min(s, _P256_ORDER - s).to_bytes(32)
    return f"{signed}.{_encode(raw[:32] + low)}"


def verify_access_token(
    token: str, *, keys: Mapping[str, EllipticCurvePublicKey], issuer: str, audience: str, now: int
) -> AccessTokenClaims:
    """The claims of a token that one of `keys` (by kid) signed for this issuer and audience.

    It may have expired or been revoked. An unknown kid costs no look-up anywhere.

    Raises:
        InvalidTokenError: anything else, whatever it is.
    """
    try:
        return _verified(token, keys, issuer, audience, now)
    except jwt.InvalidSignatureError as error:
        raise InvalidTokenError(Reason.BAD_SIGNATURE) from error
    except jwt.InvalidTokenError as error:
        raise InvalidTokenError(Reason.WRONG_CLAIMS) from error
    except (ValueError, RecursionError) as error:
        raise InvalidTokenError(Reason.MALFORMED) from error


def _verified(
    token: str, keys: Mapping[str, EllipticCurvePublicKey], issuer: str, audience: str, now: int
) -> AccessTokenClaims:
    parts = _FORM.fullmatch(token) if len(token) <= _MAX_LENGTH else None
    if parts is None:
        raise InvalidTokenError(Reason.MALFORMED)

    header = _json_object(_decode(parts[1]))
    if header.keys() != {"alg", "typ", "kid"} or header["alg"] != "ES256" or header["typ"] != "at+jwt":
        raise InvalidTokenError(Reason.MALFORMED)
    key = keys.get(header["kid"]) if isinstance(header["kid"], str) else None
    if key is None:
        raise InvalidTokenError(Reason.UNKNOWN_KEY)

    if int.from_bytes(_decode(parts[3])[32:]) > _P256_ORDER // 2:
        raise InvalidTokenError(Reason.BAD_SIGNATURE)
    # Time is an argument here and a clock in PyJWT, so expiry and iat are checked by us.
    jwt.decode(
        token,
        key,
        algorithms=["ES256"],
        issuer=issuer,
        audience=audience,
        options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "strict_aud": True},
    )
    return _claims(_json_object(_decode(parts[2])), now=now)


def _claims(members: dict[str, Any], *, now: int) -> AccessTokenClaims:
    """Exactly the claims that `sign_access_token` writes, each of its type and form."""
    well_formed = (
        members.keys() == AccessTokenClaims.__dataclass_fields__.keys()
        and all(type(members[name]) is str for name in ("iss", "aud", "client_id", "scope"))
        and all(type(members[name]) is int for name in ("iat", "exp", "auth_time", "ver"))
        and is_user_id(members["sub"])
        and is_session_id(members["sid"])
        and is_token_id(members["jti"])
        and 0 < members["exp"] - members["iat"] <= ACCESS_TOKEN_CEILING_SECONDS
    )
    if not well_formed:
        raise InvalidTokenError(Reason.WRONG_CLAIMS)
    if members["iat"] > now + _IAT_AHEAD_SECONDS:
        raise InvalidTokenError(Reason.FROM_THE_FUTURE)
    return AccessTokenClaims(**members)


def _json_object(text: bytes) -> dict[str, Any]:
    """A JSON object in UTF-8 without BOM, each member once (RFC 7515 section 4 leaves duplicates open)."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            raise InvalidTokenError(Reason.MALFORMED)
        return members

    members = json.loads(text.decode("utf-8"), object_pairs_hook=once)
    if not isinstance(members, dict):
        raise InvalidTokenError(Reason.MALFORMED)
    return members


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    """Unpadded base64url, in its one canonical spelling (RFC 7515 section 2, RFC 4648 section 3.5)."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encode(raw) != text:
        raise InvalidTokenError(Reason.MALFORMED)
    return raw
