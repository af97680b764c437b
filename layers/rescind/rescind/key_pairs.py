"""Reading key pairs from DER: loading one costs as much as a signature, so each once."""

import functools

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from rescind.unavailable import UnavailableError


@functools.lru_cache(maxsize=16)
def public_key_of(der: bytes) -> EllipticCurvePublicKey:
    """A public key of SubjectPublicKeyInfo.

    Raises:
        UnavailableError: it is none, or not of an elliptic curve.
    """
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnavailableError("a public key cannot be read") from error
    if not isinstance(key, EllipticCurvePublicKey):
        raise UnavailableError("a public key is not of an elliptic curve")
    return key


@functools.lru_cache(maxsize=4)
def private_key_of(der: bytes) -> EllipticCurvePrivateKey:
    """A private key of PKCS #8.

    Raises:
        UnavailableError: likewise.
    """
    try:
        key = load_der_private_key(der, password=None)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnavailableError("a private key cannot be read") from error
    if not isinstance(key, EllipticCurvePrivateKey):
        raise UnavailableError("a private key is not of an elliptic curve")
    return key
