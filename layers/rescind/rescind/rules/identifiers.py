"""The form of identifiers, exactly: what does not look like one of ours is never looked up."""

import re

# 128 bits are 21 characters of base64url and one more of which only two bits count.
_RANDOM = r"[A-Za-z0-9_-]{21}[AQgw]"

USER_ID = f"usr_{_RANDOM}"
SESSION_ID = f"ses_{_RANDOM}"
TOKEN_ID = f"tok_{_RANDOM}"
MAC_KEY_ID = f"mac_{_RANDOM}"

_user_id = re.compile(USER_ID)
_session_id = re.compile(SESSION_ID)
_token_id = re.compile(TOKEN_ID)


def is_user_id(value: object) -> bool:
    return isinstance(value, str) and _user_id.fullmatch(value) is not None


def is_session_id(value: object) -> bool:
    return isinstance(value, str) and _session_id.fullmatch(value) is not None


def is_token_id(value: object) -> bool:
    return isinstance(value, str) and _token_id.fullmatch(value) is not None
