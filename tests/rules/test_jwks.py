"""Public keys as others read them: thumbprints by RFC 7638, and a set that any JWT library loads."""

import base64
import hashlib
import json
from dataclasses import asdict

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from rescind.rules.access_tokens import SigningKey, sign_access_token
from rescind.rules.jwks import jwk_set, key_id_of
from tests.things import SETTINGS, SIGNING_KEY, some_claims

PUBLIC_KEY = SIGNING_KEY.private_key.public_key()


def public_key_of(secret: int) -> ec.EllipticCurvePublicKey:
    return ec.derive_private_key(secret, ec.SECP256R1()).public_key()


def coordinate(number: int) -> str:
    """32 bytes, leading zeros included (RFC 7518 section 6.2.1.2)."""
    return base64.urlsafe_b64encode(number.to_bytes(32)).decode().rstrip("=")


KEYS = [
    pytest.param(PUBLIC_KEY, id="a plain key"),
    pytest.param(public_key_of(379), id="an x that begins with a zero byte"),
    pytest.param(public_key_of(43), id="a y that begins with a zero byte"),
]


@pytest.mark.parametrize("key", KEYS)
def test_the_key_id_is_the_thumbprint_of_the_key(key: ec.EllipticCurvePublicKey) -> None:
    point = key.public_numbers()
    members = f'{{"crv":"P-256","kty":"EC","x":"{coordinate(point.x)}","y":"{coordinate(point.y)}"}}'
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(members.encode()).digest()).decode().rstrip("=")

    assert key_id_of(key) == thumbprint


@pytest.mark.parametrize("key", KEYS)
def test_a_set_has_the_public_members_and_no_other(key: ec.EllipticCurvePublicKey) -> None:
    point = key.public_numbers()

    assert jwk_set({"some kid": key}) == {
        "keys": [
            {
                "kty": "EC",
                "crv": "P-256",
                "x": coordinate(point.x),
                "y": coordinate(point.y),
                "kid": "some kid",
                "use": "sig",
                "alg": "ES256",
            }
        ]
    }


def test_a_jwt_library_loads_the_set_and_verifies_a_token_with_it() -> None:
    other = SigningKey("other", ec.derive_private_key(379, ec.SECP256R1()))
    published = json.dumps(jwk_set({SIGNING_KEY.kid: PUBLIC_KEY, other.kid: other.private_key.public_key()}))

    loaded = jwt.PyJWKSet.from_json(published)

    for key in (SIGNING_KEY, other):
        claims = jwt.decode(
            sign_access_token(some_claims(), key=key),
            loaded[key.kid],
            audience=SETTINGS.audience,
            options={"verify_exp": False, "verify_iat": False},
        )
        assert claims == asdict(some_claims())


def test_an_empty_set_is_a_set() -> None:
    assert jwk_set({}) == {"keys": []}
