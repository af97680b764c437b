"""Signs anything at all with our own key, and says what a naive encoder would have written.

Nothing here comes from `rescind.rules.access_tokens` but the shape of the claims: a defect there must not
hide by being in here, too.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from rescind.rules.access_tokens import AccessTokenClaims, SigningKey
from tests.things import MAC_KEY, NOW, SETTINGS, SIGNING_KEY, some_claims

PUBLIC_KEY = SIGNING_KEY.private_key.public_key()
ORDER = ec.SECP256R1().group_order
HEADER = {"alg": "ES256", "kid": SIGNING_KEY.kid, "typ": "at+jwt"}
BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

# Claim for claim in the order of the format, each with what it may be.
_TEXT = re.compile(r".*", re.DOTALL)
_CLAIMS: Mapping[str, re.Pattern[str] | None] = {
    "iss": re.compile(re.escape(SETTINGS.issuer)),
    "aud": re.compile(re.escape(SETTINGS.audience)),
    "sub": re.compile(r"usr_[A-Za-z0-9_-]{21}[AQgw]"),
    "client_id": _TEXT,
    "iat": None,  # a number
    "exp": None,
    "jti": re.compile(r"tok_[A-Za-z0-9_-]{21}[AQgw]"),
    "sid": re.compile(r"ses_[A-Za-z0-9_-]{21}[AQgw]"),
    "ver": None,
    "scope": _TEXT,
    "auth_time": None,
}


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


def compact(members: object) -> bytes:
    """JSON as our encoder writes it."""
    return json.dumps(members, separators=(",", ":")).encode()


def claims(**changes: Any) -> dict[str, Any]:
    """The live claims, changed by keyword; a new one comes last."""
    return {**asdict(some_claims()), **changes}


def raw_signature(signed: str, key: SigningKey = SIGNING_KEY) -> bytes:
    der = key.private_key.sign(
        signed.encode("utf-8", "surrogatepass"), ec.ECDSA(SHA256(), deterministic_signing=True)
    )
    r, s = decode_dss_signature(der)
    return r.to_bytes(32) + min(s, ORDER - s).to_bytes(32)


def with_signature(signed: str, key: SigningKey = SIGNING_KEY) -> str:
    """Any text at all under a good signature."""
    return f"{signed}.{encoded(raw_signature(signed, key))}"


def high_s_twin(token: str) -> str:
    """The token under the other signature that verifies."""
    text, _, signature = token.rpartition(".")
    raw = decoded(signature)
    return f"{text}.{encoded(raw[:32] + (ORDER - int.from_bytes(raw[32:])).to_bytes(32))}"


def second_spelling(part: str) -> str:
    """Another last character that base64 reads as the same bytes; the same where all its bits count."""
    if len(part) % 4 not in {2, 3} or part[-1] not in BASE64URL:
        return part
    return part[:-1] + BASE64URL[BASE64URL.index(part[-1]) ^ 1]


def with_good_mac(signed: str) -> str:
    """Any text at all as a refresh token whose mac is right."""
    digest = hmac.new(MAC_KEY.secret, signed.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
    return f"{signed}.{encoded(digest)}"


def assert_is_the_one_spelling(token: str, read: AccessTokenClaims) -> None:
    """What was read is what the contract allows, and a naive encoder writes this very text for it."""
    members = asdict(read)
    assert len(token) <= 8192
    assert list(members) == list(_CLAIMS)
    for name, form in _CLAIMS.items():
        value = members[name]
        assert type(value) is (str if form else int), name
        assert form is None or form.fullmatch(str(value)), name
    assert 0 < members["exp"] - members["iat"] <= 3600
    assert members["iat"] <= NOW + 60

    text, _, signature = token.rpartition(".")
    assert text == f"{encoded(compact(HEADER))}.{encoded(compact(members))}", "there is another spelling"
    assert re.fullmatch(r"[A-Za-z0-9_-]{86}", signature)
    raw = decoded(signature)
    assert encoded(raw) == signature
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    assert s <= ORDER // 2, "the signature is the high one of two"
    PUBLIC_KEY.verify(encode_dss_signature(r, s), text.encode(), ec.ECDSA(SHA256()))
