"""What the keys function changes in a key set: what is missing, comes earlier, is revoked, or may go."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from rescind.rules.key_set import KEEP_AT_MOST_SECONDS, KeyEntry, KeySet, begun, due, signer, verifiers
from rescind.rules.sessions import CLOCK_SKEW_SECONDS

LEAD_SECONDS = 3600
"""How long before it signs a key is published, at least: four times what the JWK set may be cached."""

RUN_SECONDS = 86_400
"""How often the schedule looks whether an entry is missing."""

# Until nobody goes by the set as it was before a change. A sandbox that cannot read keeps it for 600 s, the
# last second included; its clock may be set back meanwhile; the clock of the run may be behind those that
# sign, and was read up to ten seconds before the write.
_HEEDED_AFTER_SECONDS = KEEP_AT_MOST_SECONDS + 1 + CLOCK_SKEW_SECONDS + CLOCK_SKEW_SECONDS + 10

# What takes over that soon is left to it: two runs that are asked for the same differ by their clocks alone.
_ABOUT_TO_SECONDS = 60

# Nobody asks what was longer ago: a refresh asks for the key of a rotation within its grace, 600 s at most.
_LOOK_BACK_SECONDS = 3600


def missing_starts(key_set: KeySet, *, now: int, rotation_seconds: int) -> Sequence[int]:
    """From when each entry signs that is missing: one signs, and one stays ahead until the next run."""
    current, ahead = due(key_set, at=now), published_ahead(key_set, now=now)
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


def published_ahead(key_set: KeySet, *, now: int) -> Sequence[KeyEntry]:
    """The entries that sign after the one whose turn it is, in this order."""
    valid = [entry for entry in key_set.entries if entry.revoked_at is None]
    current = due(key_set, at=now)
    return valid[valid.index(current) + 1 :] if current else []


def is_about_to_sign(ahead: KeyEntry, *, now: int) -> bool:
    """Whether an entry that is published ahead takes over about as early as it may, or earlier."""
    return ahead.signs_from <= _earliest_start(ahead, now=now) + _ABOUT_TO_SECONDS


def with_next_brought_forward(key_set: KeySet, *, now: int) -> tuple[KeyEntry, ...]:
    """The entries when the first of those ahead takes over as early as it may, and never later than it did.

    Brought forward to a second that has not been for anybody who goes by the set as it was: for every second
    until then both sets name the same signer, and the one before it is followed once nobody signs with it.
    """
    ahead = published_ahead(key_set, now=now)
    if not ahead or is_about_to_sign(ahead[0], now=now):
        return key_set.entries
    earlier = replace(ahead[0], signs_from=_earliest_start(ahead[0], now=now))
    return tuple(earlier if entry is ahead[0] else entry for entry in key_set.entries)


def _earliest_start(entry: KeyEntry, *, now: int) -> int:
    """Whoever verifies by the JWK set must have had the key for long enough, too."""
    return max(now + _HEEDED_AFTER_SECONDS, entry.added_at + LEAD_SECONDS)


def with_revoked(key_set: KeySet, key_ids: Collection[str], *, now: int) -> tuple[KeyEntry, ...]:
    """The entries once these are revoked.

    One that has not signed yet is moved to the front, as if the others had followed it. Left in its place, it
    would, when its second comes, retire the key before it in favour of one that perhaps nobody knows yet.
    """
    current = signer(key_set, at=now, now=now)
    signed = key_set.entries.index(current) + 1 if current else len(begun(key_set, at=now))
    entries = [
        replace(entry, revoked_at=now) if entry.key_id in key_ids and entry.revoked_at is None else entry
        for entry in key_set.entries
    ]
    ahead = entries[signed:]
    withdrawn = [entry for entry in ahead if entry.revoked_at is not None]
    return (*withdrawn, *entries[:signed], *(entry for entry in ahead if entry.revoked_at is None))


def worth_keeping(key_set: KeySet, *, now: int) -> tuple[KeyEntry, ...]:
    """The entries without those that change nothing any more: neither who signs nor who verifies.

    A revoked one is kept while it is the last that has begun, or the one before it would sign again; and
    while one before it verifies, since its `signs_from` says until when.
    """
    then = now - _LOOK_BACK_SECONDS
    verifying = {entry.key_id for entry in verifiers(key_set, now=then)}
    followed = {entry.key_id for entry in begun(key_set, at=then)[:-1]}
    kept: list[KeyEntry] = []
    for entry in key_set.entries:
        still_revoked = entry.revoked_at is not None and (kept or entry.key_id not in followed)
        if still_revoked or entry.key_id in verifying:
            kept.append(entry)
    return tuple(kept)
