"""Public keys as JSON Web Keys (RFC 7517), and the key id that follows from the key itself."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from jwt.algorithms import ECAlgorithm


def key_id_of(key: EllipticCurvePublicKey) -> str:
    """The JWK thumbprint (RFC 7638): SHA-256 over the required members, in order and without spaces."""
    required = json.dumps(_members(key), separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(required.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def jwk_set(keys: Mapping[str, EllipticCurvePublicKey]) -> dict[str, Any]:
    """The JWK set (RFC 7517 section 5) of keys by kid."""
    return {
        "keys": [{**_members(key), "kid": kid, "use": "sig", "alg": "ES256"} for kid, key in keys.items()]
    }


def _members(key: EllipticCurvePublicKey) -> dict[str, str]:
    jwk = ECAlgorithm.to_jwk(key, as_dict=True)
    return {name: jwk[name] for name in ("crv", "kty", "x", "y")}
