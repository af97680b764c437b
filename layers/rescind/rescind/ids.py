"""New identifiers: a prefix that says of what, and 128 random bits in base64url."""

import secrets

from rescind.model import NewIds


def new_user_id() -> str:
    return f"usr_{secrets.token_urlsafe(16)}"


def new_session_id() -> str:
    return f"ses_{secrets.token_urlsafe(16)}"


def new_token_id() -> str:
    return f"tok_{secrets.token_urlsafe(16)}"


def new_attempt_id() -> str:
    return f"att_{secrets.token_urlsafe(16)}"


def new_ids() -> NewIds:
    """For a request that opens a session."""
    return NewIds(session_id=new_session_id(), token_id=new_token_id(), attempt=new_attempt_id())


def new_mac_key_id() -> str:
    return f"mac_{secrets.token_urlsafe(16)}"


def new_salt() -> bytes:
    """16 bytes, as RFC 9106 section 3.1 recommends for password hashing."""
    return secrets.token_bytes(16)
