"""Which key signs and which keys verify at a given second: computed by everybody from the same entries.

Entries are in the order in which they sign. One is always published ahead, so that everybody knows a key
before it signs, and so that there is one to go on with when the current one is revoked.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rescind.rules.lifetimes import ACCESS_TOKEN_CEILING_SECONDS, REFRESH_TOKEN_CEILING_SECONDS
from rescind.rules.sessions import CLOCK_SKEW_SECONDS

READ_AGAIN_SECONDS = 60
"""How old a sandbox lets its set grow before it reads it again."""

KEEP_AT_MOST_SECONDS = 600
"""How long it lives on a set that it cannot read again."""

OUTDATED_SECONDS = READ_AGAIN_SECONDS + CLOCK_SKEW_SECONDS
"""How old a set can be that its host takes for younger than that, because its clock was set back."""

# Until everybody knows a new entry: the writer's clock may be behind the signer's, and it was read up to ten
# seconds, a function's timeout, before the write.
_KNOWN_AFTER_SECONDS = OUTDATED_SECONDS + CLOCK_SKEW_SECONDS + 10


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
    added_at: int = 0
    """When the run began that put it into the set."""


@dataclass(frozen=True, slots=True)
class KeySet:
    purpose: Purpose
    revision: int
    """0 before the first write; every write adds 1 and is conditional on it."""
    entries: tuple[KeyEntry, ...]


def signer(key_set: KeySet, *, at: int, now: int) -> KeyEntry | None:
    """The entry that signs at second `at`: the last one whose time has come or, if it is revoked, the next.

    The next one signs before its time only once everybody knows it; until then nobody does. An entry that
    another one has followed never signs again, even when that other one is revoked.

    Args:
        key_set: as last read.
        at: the second of the signature, which for a successor that is handed out again is long ago.
        now: epoch seconds; a key that was not known then may be known by now.
    """
    entry = due(key_set, at=at)
    if entry is None or entry.signs_from <= at or entry.added_at + _KNOWN_AFTER_SECONDS <= now:
        return entry
    return None


def due(key_set: KeySet, *, at: int) -> KeyEntry | None:
    """The entry whose turn it is, whether everybody knows it or not."""
    come = begun(key_set, at=at)
    if come and come[-1].revoked_at is None:
        return come[-1]
    return next((entry for entry in key_set.entries[len(come) :] if entry.revoked_at is None), None)


def begun(key_set: KeySet, *, at: int) -> tuple[KeyEntry, ...]:
    """The entries up to the last one whose time has come."""
    last = max((n for n, entry in enumerate(key_set.entries) if entry.signs_from <= at), default=-1)
    return key_set.entries[: last + 1]


def verifiers(key_set: KeySet, *, now: int) -> list[KeyEntry]:
    """The entries whose signatures count: each from when it is in the set, until all it signed is dead."""
    ends = zip(key_set.entries, verification_ends(key_set), strict=True)
    return [entry for entry, end in ends if entry.revoked_at is None and now < end]


def verification_ends(key_set: KeySet) -> Sequence[float]:
    """From when the signatures of each entry count no more: all it signed is dead. Infinity for the last.

    It signs no more once any that stands behind it has come. One that was revoked since has come too: a key
    that retired long ago, and that somebody may have stolen, must not verify again for it.
    """
    signature_seconds = _SIGNATURE_LIVES_SECONDS[key_set.purpose]
    ends = []
    followed_at = math.inf
    for entry in reversed(key_set.entries):
        ends.append(followed_at + signature_seconds)
        followed_at = min(followed_at, entry.signs_from)
    return ends[::-1]
