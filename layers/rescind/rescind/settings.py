"""The configuration of a deployment, read from the environment that the template writes.

Nothing has a default here: the template holds the defaults, and their bounds stand in both places.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from rescind.rules.hash_parameters import LEAST_ITERATIONS, LEAST_MEMORY_KIB, HashParameters
from rescind.rules.lifetimes import ACCESS_TOKEN_CEILING_SECONDS, REFRESH_TOKEN_CEILING_SECONDS

BOUNDS = {
    "ACCESS_TOKEN_SECONDS": (60, ACCESS_TOKEN_CEILING_SECONDS),
    # Longer than any access token lives, so that an idle session's row outlives its tokens.
    "REFRESH_IDLE_SECONDS": (4400, REFRESH_TOKEN_CEILING_SECONDS),
    "REFRESH_ABSOLUTE_SECONDS": (4400, REFRESH_TOKEN_CEILING_SECONDS),
    "REFRESH_GRACE_SECONDS": (0, 600),
    "REVOCATION_DELAY_SECONDS": (0, 300),
    "REVOCATION_COPIES": (1, 10),
    "AUTHORIZER_TIMEOUT_SECONDS": (1, 10),
    "LEEWAY_SECONDS": (0, 60),
    "MAX_SESSIONS_PER_USER": (1, 100),
    "KEY_ROTATION_DAYS": (1, 365),
    "FAILURES_PER_ACCOUNT_AND_NETWORK": (1, 100_000),
    "FAILURES_PER_ACCOUNT": (1, 100_000),
    "FAILURES_PER_NETWORK": (1, 100_000),
    # All three at their highest take a function of 1024 MB some 2 s, and a password change hashes twice.
    "PASSWORD_HASH_MEMORY_KIB": (LEAST_MEMORY_KIB, 262_144),
    "PASSWORD_HASH_ITERATIONS": (LEAST_ITERATIONS, 5),
    "PASSWORD_HASH_PARALLELISM": (1, 4),
}

# As a browser writes it (RFC 6454 section 6.2), or it would never match: no path, upper case, default port.
_ORIGIN = re.compile(r"(?!https:.*:443$)(?!http:.*:80$)https?://[^/?#@A-Z\s]+")

_SHA256 = re.compile(r"[0-9a-f]{64}")


class RevocationCheck(StrEnum):
    """What the authorizer asks about a token."""

    STRICT = "strict"
    """The tables, at each request."""
    FEED = "feed"
    """What it has read of all revocations a moment ago."""


class SettingsError(Exception):
    """A setting is missing or out of range; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    access_token_seconds: int
    refresh_idle_seconds: int
    refresh_absolute_seconds: int
    refresh_grace_seconds: int
    revocation_check: RevocationCheck
    revocation_delay_seconds: int
    revocation_copies: int
    authorizer_timeout_seconds: int
    leeway_seconds: int
    max_sessions_per_user: int
    key_rotation_days: int
    failures_per_account_and_network: int
    failures_per_account: int
    failures_per_network: int
    client_address_header: str
    proxy_secret_sha256: str
    password_hash_memory_kib: int
    password_hash_iterations: int
    password_hash_parallelism: int
    issuer: str
    audience: str
    client_id: str
    allowed_origins: frozenset[str]
    stack: str
    kms_key_id: str
    credentials_table: str
    users_table: str
    sessions_table: str
    blocklist_table: str
    revocations_table: str
    attempts_table: str
    keys_table: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read every setting.

        Raises:
            SettingsError: one is missing, is no integer, or is out of its range.
        """
        return cls(
            access_token_seconds=_integer(environment, "ACCESS_TOKEN_SECONDS"),
            refresh_idle_seconds=_integer(environment, "REFRESH_IDLE_SECONDS"),
            refresh_absolute_seconds=_integer(environment, "REFRESH_ABSOLUTE_SECONDS"),
            refresh_grace_seconds=_integer(environment, "REFRESH_GRACE_SECONDS"),
            revocation_check=_check(environment),
            revocation_delay_seconds=_integer(environment, "REVOCATION_DELAY_SECONDS"),
            revocation_copies=_integer(environment, "REVOCATION_COPIES"),
            authorizer_timeout_seconds=_integer(environment, "AUTHORIZER_TIMEOUT_SECONDS"),
            leeway_seconds=_integer(environment, "LEEWAY_SECONDS"),
            max_sessions_per_user=_integer(environment, "MAX_SESSIONS_PER_USER"),
            key_rotation_days=_integer(environment, "KEY_ROTATION_DAYS"),
            failures_per_account_and_network=_integer(environment, "FAILURES_PER_ACCOUNT_AND_NETWORK"),
            failures_per_account=_integer(environment, "FAILURES_PER_ACCOUNT"),
            failures_per_network=_integer(environment, "FAILURES_PER_NETWORK"),
            client_address_header=environment.get("CLIENT_ADDRESS_HEADER", "").lower(),
            proxy_secret_sha256=_proxy_secret(environment),
            password_hash_memory_kib=_integer(environment, "PASSWORD_HASH_MEMORY_KIB"),
            password_hash_iterations=_integer(environment, "PASSWORD_HASH_ITERATIONS"),
            password_hash_parallelism=_integer(environment, "PASSWORD_HASH_PARALLELISM"),
            issuer=_text(environment, "ISSUER"),
            audience=_text(environment, "AUDIENCE"),
            client_id=_text(environment, "CLIENT_ID"),
            allowed_origins=_origins(environment, "ALLOWED_ORIGINS"),
            stack=_text(environment, "STACK"),
            kms_key_id=_text(environment, "KMS_KEY_ID"),
            credentials_table=_text(environment, "CREDENTIALS_TABLE"),
            users_table=_text(environment, "USERS_TABLE"),
            sessions_table=_text(environment, "SESSIONS_TABLE"),
            blocklist_table=_text(environment, "BLOCKLIST_TABLE"),
            revocations_table=_text(environment, "REVOCATIONS_TABLE"),
            attempts_table=_text(environment, "ATTEMPTS_TABLE"),
            keys_table=_text(environment, "KEYS_TABLE"),
        )

    @property
    def reads_feed(self) -> bool:
        return self.revocation_check is RevocationCheck.FEED

    @property
    def hash_parameters(self) -> HashParameters:
        return HashParameters(
            memory_kib=self.password_hash_memory_kib,
            iterations=self.password_hash_iterations,
            parallelism=self.password_hash_parallelism,
        )


def _integer(environment: Mapping[str, str], name: str) -> int:
    given = environment.get(name, "")
    low, high = BOUNDS[name]
    if not (given.isascii() and given.isdigit() and low <= int(given) <= high):
        raise SettingsError(f"{name} must be a whole number from {low} to {high}, not {given!r}")
    return int(given)


def _text(environment: Mapping[str, str], name: str) -> str:
    if not environment.get(name):
        raise SettingsError(f"{name} is missing or empty")
    return environment[name]


def _check(environment: Mapping[str, str]) -> RevocationCheck:
    given = environment.get("REVOCATION_CHECK", "")
    if given not in {*RevocationCheck}:
        raise SettingsError(f"REVOCATION_CHECK must be strict or feed, not {given!r}")
    # With 0 the feed would be read at each request, which is what it is there to spare.
    if given == RevocationCheck.FEED and _integer(environment, "REVOCATION_DELAY_SECONDS") == 0:
        raise SettingsError("REVOCATION_DELAY_SECONDS must be at least 1 where REVOCATION_CHECK is feed")
    return RevocationCheck(given)


def _proxy_secret(environment: Mapping[str, str]) -> str:
    """The SHA-256 of what the operator's proxy sends; without it a header could be anybody's."""
    given = environment.get("PROXY_SECRET_SHA256", "")
    if bool(given) != bool(environment.get("CLIENT_ADDRESS_HEADER")):
        raise SettingsError("CLIENT_ADDRESS_HEADER and PROXY_SECRET_SHA256 come together or not at all")
    if given and not _SHA256.fullmatch(given):
        raise SettingsError("PROXY_SECRET_SHA256 must be 64 hexadecimal digits in lower case")
    return given


def _origins(environment: Mapping[str, str], name: str) -> frozenset[str]:
    origins = [given.strip() for given in environment.get(name, "").split(",") if given.strip()]
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise SettingsError(f"{name} must list origins such as https://app.example.com, not {origin!r}")
    return frozenset(origins)
