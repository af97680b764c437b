"""The users, sessions, tokens and settings that tests start from: all live, each changed by keyword."""

import os
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from rescind.model import Credential, Session, Status, User
from rescind.rules.access_tokens import AccessTokenClaims, SigningKey
from rescind.rules.refresh_tokens import MacKey
from rescind.settings import RevocationCheck, Settings

NOW = 1_800_000_000
USER_ID = "usr_" + "u" * 21 + "A"
SESSION_ID = "ses_" + "s" * 21 + "A"
TOKEN_ID = "tok_" + "t" * 21 + "A"
ATTEMPT = "att_" + "a" * 21 + "A"
# On the internet, one that everybody can read here opens too much: scripts/prove-on-aws gives another.
PASSWORD = os.environ.get("RESCIND_PROVE_PASSWORD", "correct-horse-battery-staple")
NEW_PASSWORD = "another-horse-battery-staple"

SIGNING_KEY = SigningKey("kid-of-the-test-key", ec.derive_private_key(20_261_123, ec.SECP256R1()))
MAC_KEY = MacKey("mac_" + "m" * 21 + "A", b"m" * 32)

SETTINGS = Settings(
    access_token_seconds=900,
    refresh_idle_seconds=604_800,
    refresh_absolute_seconds=2_592_000,
    refresh_grace_seconds=30,
    revocation_check=RevocationCheck.STRICT,
    revocation_delay_seconds=0,
    revocation_copies=1,
    authorizer_timeout_seconds=5,
    leeway_seconds=0,
    max_sessions_per_user=20,
    key_rotation_days=30,
    # High, so that only the tests of throttling meet it.
    failures_per_account_and_network=100_000,
    failures_per_account=100_000,
    failures_per_network=100_000,
    client_address_header="",
    proxy_secret_sha256="",
    password_hash_memory_kib=19_456,
    password_hash_iterations=2,
    password_hash_parallelism=1,
    issuer="urn:rescind:test",
    audience="rescind-test",
    client_id="first-party",
    allowed_origins=frozenset({"https://app.example.com"}),
    stack="rescind-test",
    kms_key_id="key",
    credentials_table="Credentials",
    users_table="Users",
    sessions_table="Sessions",
    blocklist_table="Blocklist",
    revocations_table="Revocations",
    attempts_table="Attempts",
    keys_table="Keys",
)


def a_user(**changes: Any) -> User:
    user = User(
        user_id=USER_ID,
        username="ada",
        status=Status.ACTIVE,
        scope="orders:read orders:write",
        claims='{"plan":"gold"}',
        token_version=7,
        password_version=3,
        logged_out_at=NOW - 1000,
        revision=5,
    )
    return replace(user, **changes)


def a_credential(**changes: Any) -> Credential:
    credential = Credential(
        username="ada", user_id=USER_ID, password_hash="$argon2id$...", password_version=3
    )
    return replace(credential, **changes)


def a_session(**changes: Any) -> Session:
    session = Session(
        user_id=USER_ID,
        session_id=SESSION_ID,
        counter=4,
        version=7,
        attempt="att_" + "b" * 21 + "A",
        created_at_ms=(NOW - 500) * 1000,
        rotated_at=NOW - 100,
        last_used_at=NOW - 100,
        idle_expires_at=NOW + 604_700,
        absolute_expires_at=NOW + 2_591_500,
        user_agent="test",
        ip="192.0.2.1",
    )
    return replace(session, **changes)


def some_claims(**changes: Any) -> AccessTokenClaims:
    claims = AccessTokenClaims(
        iss=SETTINGS.issuer,
        aud=SETTINGS.audience,
        sub=USER_ID,
        client_id=SETTINGS.client_id,
        iat=NOW - 100,
        exp=NOW + 800,
        jti=TOKEN_ID,
        sid=SESSION_ID,
        ver=7,
        scope="orders:read orders:write",
        auth_time=NOW - 500,
    )
    return replace(claims, **changes)


def a_request(*headers: tuple[str, str], **members: Any) -> dict[str, Any]:
    """An event of a REST API, as far as `web/` reads it; a header may come twice."""
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name, []).append(value)
    return {
        "headers": {name: several[-1] for name, several in values.items()},
        "multiValueHeaders": values,
        "requestContext": {"identity": {"sourceIp": "192.0.2.1"}},
        "body": None,
        "isBase64Encoded": False,
        **members,
    }
