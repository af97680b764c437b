"""What all are asked about: one user, one session, a live token and a revoked one, and their keys."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from rescind.model import Session, User
from rescind.rules.access_tokens import sign_access_token
from rescind.rules.key_set import KeyEntry, KeySet, Purpose
from rescind.rules.refresh_tokens import sign_refresh_token
from rescind.store.key_set import KeySets
from rescind.store.session_rows import session_item
from rescind.store.user_rows import user_item
from tests.deployment import environment_of
from tests.things import (
    MAC_KEY,
    SETTINGS,
    SIGNING_KEY,
    TOKEN_ID,
    USER_ID,
    a_session,
    a_user,
    some_claims,
)

Rows = dict[str, list[dict[str, Any]]]
"""By table, as they go over the wire."""

REVOKED_TOKEN_ID = TOKEN_ID.replace("t" * 21, "r" * 21)
_LIFETIME_SECONDS = 3600
_REGION = "us-east-1"
SECRETS = {
    "aws_access_key_id": "testing",
    "aws_secret_access_key": "testing",
    "aws_session_token": "t" * 400,  # Lambda's have one, and it is signed and sent each time.
}
"""That open nothing."""
PUBLIC_KEY = SIGNING_KEY.private_key.public_key().public_bytes(
    Encoding.DER, PublicFormat.SubjectPublicKeyInfo
)
PRIVATE_KEY = SIGNING_KEY.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


@dataclass(frozen=True)
class World:
    live: str
    """An access token that is good."""
    revoked: str
    """One of the same session whose id is on the blocklist."""
    refresh_token: str
    user: User
    session: Session
    other_session: Session
    """Of the same user."""
    other_refresh_token: str
    rows: Rows

    def asked(self) -> dict[str, Any]:
        """What a measured process is told."""
        return {"live": self.live, "revoked": self.revoked}


def new_world() -> World:
    now = int(time.time())
    user = a_user(logged_out_at=0)
    session = a_session(
        created_at_ms=now * 1000,
        rotated_at=now,
        last_used_at=now,
        idle_expires_at=now + 5000,
        absolute_expires_at=now + 9000,
        counter=1,
    )
    other_session = replace(session, session_id=session.session_id.replace("s" * 21, "o" * 21))
    claims = {"iat": now, "exp": now + _LIFETIME_SECONDS, "auth_time": now}
    blocked = {
        "jti": {"S": REVOKED_TOKEN_ID},
        "user_id": {"S": USER_ID},
        "reason": {"S": "revoked"},
        "blocked_at": {"N": str(now)},
        "ttl": {"N": str(now + _LIFETIME_SECONDS)},
    }
    return World(
        live=sign_access_token(some_claims(**claims), key=SIGNING_KEY),
        revoked=sign_access_token(some_claims(jti=REVOKED_TOKEN_ID, **claims), key=SIGNING_KEY),
        refresh_token=sign_refresh_token(USER_ID, session.session_id, 1, key=MAC_KEY),
        user=user,
        session=session,
        other_session=other_session,
        other_refresh_token=sign_refresh_token(USER_ID, other_session.session_id, 1, key=MAC_KEY),
        rows=on_the_wire(
            {
                "Blocklist": [blocked],
                "Users": [user_item(user)],
                "Sessions": [session_item(session)],
                "Keys": [
                    key_row(Purpose.ACCESS_TOKEN, b"x" * 300),
                    key_row(Purpose.REFRESH_TOKEN, b"x" * 200),
                ],
            }
        ),
    )


def key_row(purpose: Purpose, encrypted: bytes) -> dict[str, Any]:
    """A key set of one key, as the store writes it."""
    kept: dict[str, Any] = {}

    class Kept:
        def put_item(self, **parameters: Any) -> dict[str, Any]:
            kept.update(parameters["Item"])
            return {}

    is_signing = purpose is Purpose.ACCESS_TOKEN
    entry = KeyEntry(
        SIGNING_KEY.kid if is_signing else MAC_KEY.key_id,
        signs_from=0,
        encrypted_key=encrypted,
        public_key=PUBLIC_KEY if is_signing else None,
    )
    KeySets(Kept(), table="Keys").replace(KeySet(purpose, 0, ()), (entry,))
    return kept


def environment(endpoint: str, *, prefix: str = "") -> dict[str, str]:
    """What every measured process finds, ours or not, as in Lambda."""
    return {
        **environment_of("key", prefix=prefix),
        "AWS_ENDPOINT_URL": endpoint,
        **{name.upper(): value for name, value in SECRETS.items()},
        "AWS_REGION": _REGION,
        "AWS_DEFAULT_REGION": _REGION,
        "AWS_LAMBDA_FUNCTION_NAME": "authorizer",
        "LAMBDA_TASK_ROOT": "/var/task",  # Without it Powertools would switch its Tracer off.
        "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
        "PYTHONDONTWRITEBYTECODE": "1",  # It could not, in Lambda.
        "PUBLIC_KEY": base64.b64encode(PUBLIC_KEY).decode(),
        "PRIVATE_KEY": base64.b64encode(PRIVATE_KEY).decode(),
        "KEY_ID": SIGNING_KEY.kid,
        "ISSUER": SETTINGS.issuer,
        "AUDIENCE": SETTINGS.audience,
    }


def on_the_wire(rows: Mapping[str, list[Any]]) -> Rows:
    wire: Rows = json.loads(json.dumps(rows, default=lambda raw: base64.b64encode(raw).decode()))
    return wire
