"""The least that any verifier of ES256 does: one verification, its key loaded before."""

import base64
import os
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key


def prepare(_: Any) -> Callable[[str], bool]:
    key: Any = load_der_public_key(base64.b64decode(os.environ["PUBLIC_KEY"]))
    algorithm = ECDSA(SHA256())

    def decide(token: str) -> bool:
        signed, _, signature = token.rpartition(".")
        raw = base64.urlsafe_b64decode(signature + "==")
        r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
        try:
            key.verify(encode_dss_signature(r, s), signed.encode(), algorithm)
        except InvalidSignature:
            return False
        return True

    return decide
