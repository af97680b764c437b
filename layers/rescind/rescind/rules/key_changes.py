"""What the keys function changes in a key set: what is missing, what is revoked, what may go."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from rescind.rules.key_set import KeyEntry, KeySet, begun, due, signer, verifiers

LEAD_SECONDS = 3600
"""How long before it signs a key is published, at least: four times what the JWK set may be cached."""

RUN_SECONDS = 86_400
"""How often the schedule looks whether an entry is missing."""

# Nobody asks what was longer ago: a refresh asks for the key of a rotation within its grace, 600 s at most.
_LOOK_BACK_SECONDS = 3600


def missing_starts(key_set: KeySet, *, now: int, rotation_seconds: int) -> Sequence[int]:
    """From when each entry signs that is missing: one signs, and one stays ahead until the next run."""
    valid = [entry for entry in key_set.entries if entry.revoked_at is None]
    current = due(key_set, at=now)
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
