"""Refresh tokens: `r1.<key id>.<user id>.<session id>.<counter>.<mac>`.

The mac is HMAC-SHA256 over all that stands before it. So nothing secret is stored per session, a forged token
costs no read, and the successor of a token can be computed again for a client that lost the answer.
"""

import base64
import hmac
import re
from dataclasses import dataclass, field

from rescind.reasons import Reason
from rescind.rules.access_tokens import InvalidTokenError
from rescind.rules.identifiers import MAC_KEY_ID, SESSION_ID, USER_ID

_FORM = re.compile(
    rf"r1\.(?P<key_id>{MAC_KEY_ID})\.(?P<user_id>{USER_ID})\.(?P<session_id>{SESSION_ID})"
    r"\.(?P<counter>[1-9][0-9]{0,9})\.(?P<mac>[A-Za-z0-9_-]{43})"
)


@dataclass(frozen=True, slots=True)
class MacKey:
    key_id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RefreshToken:
    key_id: str
    user_id: str
    session_id: str
    counter: int


def sign_refresh_token(user_id: str, session_id: str, counter: int, *, key: MacKey) -> str:
    signed = f"r1.{key.key_id}.{user_id}.{session_id}.{counter}"
    return f"{signed}.{_mac(signed, key)}"


def verify_refresh_token(text: str, *, key: MacKey) -> RefreshToken:
    """What the token says, once its mac has shown that we said it.

    Raises:
        InvalidTokenError: it is not of this form, names another key, or its mac is wrong.
    """
    token = unverified_refresh_token(text)
    signed, _, mac = text.rpartition(".")
    if token.key_id != key.key_id or not hmac.compare_digest(mac, _mac(signed, key)):
        raise InvalidTokenError(Reason.BAD_SIGNATURE)
    return token


def unverified_refresh_token(text: str) -> RefreshToken:
    """What the text claims, checked by nobody: good for choosing the key, and for nothing else.

    Raises:
        InvalidTokenError: it is not of this form.
    """
    parts = _FORM.fullmatch(text)
    if parts is None:
        raise InvalidTokenError(Reason.MALFORMED)
    return RefreshToken(parts["key_id"], parts["user_id"], parts["session_id"], int(parts["counter"]))


def _mac(signed: str, key: MacKey) -> str:
    digest = hmac.digest(key.secret, signed.encode("ascii"), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
