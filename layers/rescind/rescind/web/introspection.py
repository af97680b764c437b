"""What is told of an access token to a service that asks (RFC 7662 section 2.2)."""

import json
from typing import Any

from rescind.verdict import Allow


def active(allow: Allow) -> dict[str, Any]:
    """A live token: the registered members, and `sid`, `auth_time` and `claims` beside them."""
    claims, user = allow.claims, allow.user
    return {
        "active": True,
        "scope": allow.scope,
        "client_id": claims.client_id,
        "username": user.username,
        "token_type": "Bearer",
        "exp": claims.exp,
        "iat": claims.iat,
        "sub": claims.sub,
        "aud": claims.aud,
        "iss": claims.iss,
        "jti": claims.jti,
        "sid": claims.sid,
        "auth_time": claims.auth_time,
        "claims": json.loads(user.claims),
    }


def inactive() -> dict[str, bool]:
    """Any other text. Why it is inactive stays here."""
    return {"active": False}
