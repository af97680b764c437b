"""Which key signs and which keys verify at a given second: computed by everybody from the same entries.

Entries are in the order in which they sign. One is always published ahead, so that everybody knows a key
before it signs, and so that there is one to go on with when the current one is revoked.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from rescind.rules.lifetimes import ACCESS_TOKEN_CEILING_SECONDS, REFRESH_TOKEN_CEILING_SECONDS
from rescind.rules.sessions import CLOCK_SKEW_SECONDS

LEAD_SECONDS = 3600
"""How long before it signs a key is published at least: twice what anybody may cache the JWKS."""

RUN_SECONDS = 86_400
"""How often the schedule looks whether an entry is missing."""

READ_AGAIN_SECONDS = 60
"""How old a sandbox lets its set grow before it reads it again."""

KEEP_AT_MOST_SECONDS = 600
"""How long it lives on a set that it cannot read again."""

OUTDATED_SECONDS = READ_AGAIN_SECONDS + CLOCK_SKEW_SECONDS
"""How old a set may really be that looks younger than that: its host's clock may have been set back."""

# Until everybody knows a new entry: the writer's clock may be behind the signer's, and it was read up to ten
# seconds, a function's timeout, before the write.
_KNOWN_AFTER_SECONDS = OUTDATED_SECONDS + CLOCK_SKEW_SECONDS + 10

# Nobody asks what was longer ago: a refresh asks for the key of a rotation within its grace, 600 s at most.
_LOOK_BACK_SECONDS = 3600


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
    entry = _in_turn(key_set, at=at)
    if entry is None or entry.signs_from <= at or entry.added_at + _KNOWN_AFTER_SECONDS <= now:
        return entry
    return None


def _in_turn(key_set: KeySet, *, at: int) -> KeyEntry | None:
    """The entry whose turn it is, whether everybody knows it or not."""
    come = _come(key_set, at=at)
    if come and come[-1].revoked_at is None:
        return come[-1]
    return next((entry for entry in key_set.entries[len(come) :] if entry.revoked_at is None), None)


def _come(key_set: KeySet, *, at: int) -> tuple[KeyEntry, ...]:
    """The entries up to the last one whose time has come."""
    last = max((n for n, entry in enumerate(key_set.entries) if entry.signs_from <= at), default=-1)
    return key_set.entries[: last + 1]


def verifiers(key_set: KeySet, *, now: int) -> list[KeyEntry]:
    """The entries whose signatures count: each from when it is in the set, until all it signed is dead.

    It signs no more once any that stands behind it has come. One that was revoked since has come too: a key
    that retired long ago, and that somebody may have stolen, must not verify again for it.
    """
    lives = _SIGNATURE_LIVES_SECONDS[key_set.purpose]
    found = []
    followed_at = math.inf
    for entry in reversed(key_set.entries):
        if entry.revoked_at is None and now < followed_at + lives:
            found.append(entry)
        followed_at = min(followed_at, entry.signs_from)
    return found[::-1]


def missing_starts(key_set: KeySet, *, now: int, rotation_seconds: int) -> Sequence[int]:
    """From when each entry signs that is missing: one signs, and one stays ahead until the next run."""
    valid = [entry for entry in key_set.entries if entry.revoked_at is None]
    current = _in_turn(key_set, at=now)
    ahead = valid[valid.index(current) + 1 :] if current else []
    starts = []
    if current is None:
        last = now + LEAD_SECONDS if key_set.entries else 0
        starts.append(last)
    else:
        # One that took over before its time is followed a rotation after it did.
        last = ahead[-1].signs_from if ahead else min(current.signs_from, now)
    if not any(entry.signs_from > now + RUN_SECONDS for entry in ahead):
        starts.append(max(now + LEAD_SECONDS, (last or now) + rotation_seconds))
    return starts


def with_revoked(key_set: KeySet, key_ids: Collection[str], *, now: int) -> tuple[KeyEntry, ...]:
    """The entries once these are revoked.

    One that has not signed yet goes to the front, behind all others in time: where it stands it would, when
    its second comes, retire the key before it in favour of a next one that perhaps nobody knows yet.
    """
    current = signer(key_set, at=now, now=now)
    begun = key_set.entries.index(current) + 1 if current else len(_come(key_set, at=now))
    entries = [
        replace(entry, revoked_at=now) if entry.key_id in key_ids and entry.revoked_at is None else entry
        for entry in key_set.entries
    ]
    ahead = entries[begun:]
    withdrawn = [entry for entry in ahead if entry.revoked_at is not None]
    return (*withdrawn, *entries[:begun], *(entry for entry in ahead if entry.revoked_at is None))


def worth_keeping(key_set: KeySet, *, now: int) -> tuple[KeyEntry, ...]:
    """The entries without those that change nothing any more: neither who signs nor who verifies.

    A revoked one still does while it is the last whose time has come, for it keeps the one before it retired;
    and while one before it verifies, for it says until when.
    """
    then = now - _LOOK_BACK_SECONDS
    verifying = {entry.key_id for entry in verifiers(key_set, now=then)}
    followed = {entry.key_id for entry in _come(key_set, at=then)[:-1]}
    kept: list[KeyEntry] = []
    for entry in key_set.entries:
        still_revoked = entry.revoked_at is not None and (kept or entry.key_id not in followed)
        if still_revoked or entry.key_id in verifying:
            kept.append(entry)
    return tuple(kept)
