"""Which key signs and which keys verify at a given second: computed by everybody from the same entries.

Entries are in the order in which they were added. One is always published ahead, so that everybody knows a
key before it signs, and so that there is one to go on with when the current one is revoked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from rescind.rules.lifetimes import ACCESS_TOKEN_CEILING_SECONDS, REFRESH_TOKEN_CEILING_SECONDS

LEAD_SECONDS = 3600
"""How long before it signs a key is published at least: twice what anybody may cache the JWKS."""

RUN_SECONDS = 86_400
"""How often the schedule looks whether an entry is missing."""


class Purpose(StrEnum):
    """What the keys of a set sign."""

    ACCESS_TOKEN = "access-token"  # noqa: S105 - a name, not a secret
    REFRESH_TOKEN = "refresh-token"  # noqa: S105 - likewise


# How long a signature may live after its key has stopped signing. Ceilings, not settings: a setting that was
# lowered since must not drop a live token. The 60 s are for clocks.
_SIGNATURE_LIVES_SECONDS = {
    Purpose.ACCESS_TOKEN: ACCESS_TOKEN_CEILING_SECONDS + 60,
    Purpose.REFRESH_TOKEN: REFRESH_TOKEN_CEILING_SECONDS + 60,
}


@dataclass(frozen=True, slots=True)
class KeyEntry:
    key_id: str
    signs_from: int
    encrypted_key: bytes
    """The private key or the mac secret, as KMS encrypted it."""
    public_key: bytes | None = None
    """SubjectPublicKeyInfo in DER; a mac key has none."""
    revoked_at: int | None = None
    """Counts by presence: when it was revoked changes nothing."""


@dataclass(frozen=True, slots=True)
class KeySet:
    purpose: Purpose
    revision: int
    """0 before the first write; every write adds 1 and is conditional on it."""
    entries: tuple[KeyEntry, ...]


def signer(key_set: KeySet, *, at: int) -> KeyEntry | None:
    """The entry that signs at second `at`: the last one whose time has come or, if it is revoked, the next.

    An entry that another one has followed never signs again, even when that other one is revoked.
    """
    come = [entry for entry in key_set.entries if entry.signs_from <= at]
    if come and come[-1].revoked_at is None:
        return come[-1]
    ahead = [entry for entry in key_set.entries if entry.signs_from > at and entry.revoked_at is None]
    return ahead[0] if ahead else None


def verifiers(key_set: KeySet, *, now: int) -> list[KeyEntry]:
    """The entries whose signatures count: each from when it is in the set, until all it signed is dead."""
    lives = _SIGNATURE_LIVES_SECONDS[key_set.purpose]
    valid = [entry for entry in key_set.entries if entry.revoked_at is None]
    followers = zip_longest(valid, valid[1:])
    return [entry for entry, follower in followers if follower is None or now < follower.signs_from + lives]


def missing_starts(key_set: KeySet, *, now: int, rotation_seconds: int) -> Sequence[int]:
    """From when each entry signs that is missing: one signs, and one stays ahead until the next run."""
    valid = [entry for entry in key_set.entries if entry.revoked_at is None]
    last = valid[-1].signs_from if valid else 0
    current = signer(key_set, at=now)
    starts = []
    if current is None:
        last = now + LEAD_SECONDS if key_set.entries else 0
        starts.append(last)
    if not any(entry.signs_from > now + RUN_SECONDS and entry is not current for entry in valid):
        starts.append(max(now + LEAD_SECONDS, (last or now) + rotation_seconds))
    return starts
