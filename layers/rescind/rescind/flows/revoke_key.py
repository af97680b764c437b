"""Revoking keys: in one conditional write of each set, together with the entries that are missing then."""

from collections.abc import Collection
from dataclasses import replace

from rescind.flows.end import effective_by
from rescind.flows.rotate import KeySets, NewEntry, missing_entries
from rescind.rules.key_changes import with_revoked, worth_keeping
from rescind.rules.key_set import KEEP_AT_MOST_SECONDS, OUTDATED_SECONDS, READ_AGAIN_SECONDS, KeySet, Purpose
from rescind.settings import Settings
from rescind.unavailable import UnavailableError

ALL = "all"
_STARTS = 3


def revoke_key(
    key_id: str, *, key_sets: KeySets, new_entry: NewEntry, rotation_days: int, now: int
) -> dict[Purpose, list[str]]:
    """The ids of the keys that are revoked now, by what they sign; none where no set has the key.

    To revoke a key twice is no error.

    Args:
        key_id: of the key, or `ALL` for every key that is in a set when this begins.
        key_sets: where the sets are kept.
        new_entry: makes a key.
        rotation_days: how long a key signs.
        now: epoch seconds at the start of this run.

    Raises:
        UnavailableError: a call failed, or others changed a set at every try. To repeat it is safe.
    """
    revoked = {}
    # The mac keys first: who takes refresh tokens by old ones must not have new signing keys (`keyring`).
    for purpose in (Purpose.REFRESH_TOKEN, Purpose.ACCESS_TOKEN):
        key_set = key_sets.read(purpose)
        # Fixed by the first read: at another try the set has new keys, which nobody meant.
        chosen = [
            entry.key_id
            for entry in key_set.entries
            if entry.key_id == key_id or (key_id == ALL and entry.revoked_at is None)
        ]
        _revoke(chosen, key_set, key_sets=key_sets, new_entry=new_entry, rotation_days=rotation_days, now=now)
        revoked[purpose] = chosen
    return revoked


def _revoke(
    key_ids: Collection[str],
    old: KeySet,
    *,
    key_sets: KeySets,
    new_entry: NewEntry,
    rotation_days: int,
    now: int,
) -> None:
    """Write on the set as read; when it has changed, read and write again: the keys must be revoked."""
    for _ in range(_STARTS):
        if all(entry.revoked_at is not None for entry in old.entries if entry.key_id in key_ids):
            return
        kept = replace(old, entries=worth_keeping(old, now=now))
        left = with_revoked(kept, key_ids, now=now)
        added = missing_entries(
            replace(old, entries=left), new_entry=new_entry, rotation_days=rotation_days, now=now
        )
        if key_sets.replace(old, (*left, *added)):
            return
        old = key_sets.read(old.purpose)
    raise UnavailableError(f"the key set {old.purpose} is being changed by other runs")


def key_revocation_effective_by(written_at: float, *, settings: Settings) -> tuple[int, int]:
    """The seconds from which no request begun accepts what a revoked key signed.

    The first is for sandboxes that can read the key set, the second for those that cannot.
    """
    by = effective_by(written_at + OUTDATED_SECONDS, settings=settings)
    return by, by + KEEP_AT_MOST_SECONDS - READ_AGAIN_SECONDS
