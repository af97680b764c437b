"""What the naive functions share: tokens by PyJWT, their keys from the environment."""

import base64
import os
import time
import uuid
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

PUBLIC_KEY: Any = load_der_public_key(base64.b64decode(os.environ["PUBLIC_KEY"]))
_PRIVATE_KEY: Any = load_der_private_key(base64.b64decode(os.environ["PRIVATE_KEY"]), None)
_ISSUER, _AUDIENCE = os.environ["ISSUER"], os.environ["AUDIENCE"]


def pair(user_id: str, session_id: str) -> dict[str, Any]:
    """An access token and a refresh token."""
    now = int(time.time())
    claims = {"iss": _ISSUER, "aud": _AUDIENCE, "sub": user_id, "sid": session_id, "iat": now}
    return {
        "access_token": _signed({**claims, "exp": now + 900, "jti": uuid.uuid4().hex}),
        "refresh_token": _signed({**claims, "exp": now + 86_400, "jti": uuid.uuid4().hex, "typ": "refresh"}),
    }


def verified(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        token, PUBLIC_KEY, algorithms=["ES256"], audience=_AUDIENCE, issuer=_ISSUER
    )
    return claims


def _signed(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, _PRIVATE_KEY, algorithm="ES256")
