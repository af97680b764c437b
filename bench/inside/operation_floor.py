"""The physical limit of an operation: the same calls, each one signed request, and the same cryptography."""

import base64
import hmac
import json
import os
from collections.abc import Callable
from typing import Any

from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

from bench.floor.app import ask

_MAC_KEY = b"m" * 32


def prepare(asked: Any) -> Callable[[Any], bool]:
    calls = [(operation, json.dumps(body, separators=(",", ":"))) for operation, body in asked["calls"]]
    work = asked["work"]
    key: Any = load_der_private_key(base64.b64decode(os.environ["PRIVATE_KEY"]), None)
    algorithm = ECDSA(SHA256(), deterministic_signing=True)
    text = asked["signed"].encode()
    hasher = PasswordHasher()

    def succeeds(_: Any) -> bool:
        for operation, body in calls:
            ask(operation, body)
        if "password_hash" in work:
            hasher.verify(work["password_hash"], work["password"])
        for _ in range(work["macs"]):
            hmac.digest(_MAC_KEY, text, "sha256")
        for _ in range(work["signatures"]):
            key.sign(text, algorithm)
        return True

    return succeeds
