"""Access tokens: a JWT in the profile of RFC 9068, signed with ES256, and read back strictly.

A token has one spelling: what is accepted is, to the letter, what `sign_access_token` writes for its claims
and its key. The header is compared with our own; the claims are read, checked, written again and compared. So
no member comes twice, nothing is spaced, escaped or padded in another way, and none of that needs a rule of
its own. The order of the claims is part of the format: another order, like another encoder, refuses every
token that is out. Whether an authentic token is still good is not asked here but in `verdict`.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from rescind.reasons import Reason
from rescind.rules.identifiers import is_session_id, is_token_id, is_user_id
from rescind.rules.lifetimes import ACCESS_TOKEN_CEILING_SECONDS

_MAX_LENGTH = 8192
# Far more than clocks differ: a token from the future is a signer gone wrong, not a host a little ahead.
_IAT_AHEAD_SECONDS = 60
# 64 bytes of signature are 85 characters and one more of which only two bits count.
_FORM = re.compile(r"(([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+))\.([A-Za-z0-9_-]{85}[AQgw])")
_HEADER = re.compile(rb'\{"alg":"ES256","kid":"([A-Za-z0-9_-]+)","typ":"at\+jwt"\}')
_JSON = json.JSONEncoder(separators=(",", ":"))
_JSON_OF_TEXT = json.JSONDecoder()
# Two signatures with one nonce give the key away. It is made of the key and the text (RFC 6979), so no
# generator is trusted for it: sandboxes that are restored from one snapshot may share its state.
_SIGNATURE = ECDSA(SHA256(), deterministic_signing=True)
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


# In the order in which they are written.
_TYPES = {field.name: field.type for field in fields(AccessTokenClaims)}


@dataclass(frozen=True, slots=True)
class SigningKey:
    kid: str
    private_key: EllipticCurvePrivateKey


def sign_access_token(claims: AccessTokenClaims, *, key: SigningKey) -> str:
    """The compact JWS of the claims (RFC 7515 section 7.1), its signature 64 raw bytes with low s."""
    signed = f"{_header(key.kid)}.{_payload(asdict(claims))}"
    r, s = decode_dss_signature(key.private_key.sign(signed.encode("ascii"), _SIGNATURE))
    return f"{signed}.{_encode(r.to_bytes(32) + min(s, _P256_ORDER - s).to_bytes(32))}"


def verify_access_token(
    token: str, *, keys: Mapping[str, EllipticCurvePublicKey], issuer: str, audience: str, now: int
) -> AccessTokenClaims:
    """The claims of a token that one of `keys` (by kid) signed for this issuer and audience.

    It may have expired or been revoked. An unknown kid costs no look-up anywhere.

    Raises:
        InvalidTokenError: anything else, whatever it is.
        UnavailableError: `keys` is too old to tell whether this kid is a newer key's.
    """
    parts = _FORM.fullmatch(token) if len(token) <= _MAX_LENGTH else None
    if parts is None:
        raise InvalidTokenError(Reason.MALFORMED)
    signed, header, payload, signature = parts.groups()
    # A stranger's JSON is never parsed: the header is compared, and the payload read once we know who signed.
    if not _is_signed(signed, _decode(signature), key=_key_of(header, keys)):
        raise InvalidTokenError(Reason.BAD_SIGNATURE)
    claims = _claims(payload, issuer=issuer, audience=audience)
    if claims.iat > now + _IAT_AHEAD_SECONDS:
        raise InvalidTokenError(Reason.FROM_THE_FUTURE)
    return claims


def _key_of(header: str, keys: Mapping[str, EllipticCurvePublicKey]) -> EllipticCurvePublicKey:
    """The key that writes this very header."""
    for kid, key in keys.items():
        if header == _header(kid):
            return key
    named = _HEADER.fullmatch(_decode(header))
    # For the log: this is what the tokens of a revoked key look like. And a key set of long ago fails here,
    # as it cannot know whether there is such a key by now.
    is_unknown = named is not None and named[1].decode("ascii") not in keys
    raise InvalidTokenError(Reason.UNKNOWN_KEY if is_unknown else Reason.MALFORMED)


def _is_signed(signed: str, raw: bytes, *, key: EllipticCurvePublicKey) -> bool:
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    if s > _P256_ORDER // 2:
        return False
    try:
        key.verify(encode_dss_signature(r, s), signed.encode("ascii"), _SIGNATURE)
    except InvalidSignature:
        return False
    return True


def _claims(payload: str, *, issuer: str, audience: str) -> AccessTokenClaims:
    """The claims as `sign_access_token` writes them: exactly these, each of its type and form."""
    try:
        # What stands before or behind it is none of it when it is written again.
        members: Any = _JSON_OF_TEXT.raw_decode(_decode(payload).decode("ascii"))[0]
    except (ValueError, RecursionError) as error:
        raise InvalidTokenError(Reason.MALFORMED) from error
    well_formed = (
        isinstance(members, dict)
        # Not isinstance: true is an int to Python.
        and {name: type(value) for name, value in members.items()} == _TYPES
        and (members["iss"], members["aud"]) == (issuer, audience)
        and is_user_id(members["sub"])
        and is_session_id(members["sid"])
        and is_token_id(members["jti"])
        # The ceiling and not the setting of the moment: to lower a setting must not drop a live token.
        and 0 < members["exp"] - members["iat"] <= ACCESS_TOKEN_CEILING_SECONDS
    )
    if not well_formed:
        raise InvalidTokenError(Reason.WRONG_CLAIMS)
    if payload != _payload(members):
        raise InvalidTokenError(Reason.MALFORMED)
    return AccessTokenClaims(**members)


@lru_cache(maxsize=16)
def _header(kid: str) -> str:
    return _encode_json({"alg": "ES256", "kid": kid, "typ": "at+jwt"})


def _payload(members: Mapping[str, Any]) -> str:
    """The claims in the order of their fields."""
    return _encode_json({name: members[name] for name in _TYPES})


def _encode_json(members: dict[str, Any]) -> str:
    return _encode(_JSON.encode(members).encode("ascii"))


def _encode(raw: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise InvalidTokenError(Reason.MALFORMED) from error
