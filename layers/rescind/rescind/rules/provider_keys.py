"""The keys that an issuer publishes (RFC 7517): those that may verify, each with its algorithms."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

_RSA = ("RS256", "PS256", "RS384", "PS384", "RS512", "PS512")
_BY_CURVE = {"secp256r1": ("ES256",), "secp384r1": ("ES384",), "secp521r1": ("ES512",)}
# RFC 7518 section 3.3 has the least; more than the most is time for nothing.
_RSA_BITS = range(2048, 8193)
# One key that cannot be read is no reason to do without the others.
_NO_KEY = (jwt.PyJWTError, LookupError, NotImplementedError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """A key that verifies, by the algorithms that go with it and by no other."""

    key: _PublicKey
    algorithms: tuple[str, ...]

    def verifies(self, signed: bytes, signature: bytes, *, algorithm: str) -> bool:
        """Whether it signed this, by this algorithm (RFC 7515 section 5.2).

        The token names the algorithm; the key says whether it is one of its own (RFC 8725 section 3.1).
        """
        if algorithm not in self.algorithms:
            return False
        return jwt.get_algorithm_by_name(algorithm).verify(signed, self.key, signature)


def provider_keys(key_set: Mapping[str, Any]) -> dict[str, ProviderKey]:
    """By kid, the keys of a JWK set that may verify signatures; what else is in it is passed over.

    A key without a name, or with that of another one, cannot be told from others, and does not count.
    """
    members = key_set.get("keys")
    named = [
        (str(jwk["kid"]), jwk)
        for jwk in (members if isinstance(members, list) else [])
        if isinstance(jwk, dict) and isinstance(jwk.get("kid"), str)
    ]
    names = Counter(kid for kid, _ in named)
    keys = {kid: _key(jwk) for kid, jwk in named if names[kid] == 1}
    return {kid: key for kid, key in keys.items() if key is not None}


def _key(jwk: Mapping[str, Any]) -> ProviderKey | None:
    if not _is_for_signatures(jwk):
        return None
    try:
        key = jwt.PyJWK(dict(jwk)).key
    except _NO_KEY:
        return None
    algorithms = _algorithms(key)
    if "alg" in jwk:
        algorithms = tuple(each for each in algorithms if each == jwk["alg"])
    return ProviderKey(key, algorithms) if algorithms else None


def _is_for_signatures(jwk: Mapping[str, Any]) -> bool:
    """RFC 7517 sections 4.2 and 4.3: it may say so, in two ways."""
    operations = jwk.get("key_ops", ["verify"])
    return jwk.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


def _algorithms(key: object) -> tuple[str, ...]:
    match key:
        case RSAPublicKey() if key.key_size in _RSA_BITS:
            return _RSA
        case EllipticCurvePublicKey():
            return _BY_CURVE.get(key.curve.name, ())
        case Ed25519PublicKey():
            return ("EdDSA",)
        case _:
            return ()  # A private key that was published, say: anybody may have signed with it.
