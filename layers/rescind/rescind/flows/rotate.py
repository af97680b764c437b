"""Key rotation: add the entries that are missing from a key set, in one conditional write."""

from collections.abc import Callable
from typing import Protocol

from rescind.rules.key_set import KeyEntry, KeySet, Purpose, missing_starts

_DAY = 86_400


class KeySets(Protocol):
    def read(self, purpose: Purpose) -> KeySet: ...

    def replace(self, old: KeySet, entries: tuple[KeyEntry, ...]) -> bool: ...


def rotate(
    purpose: Purpose,
    *,
    key_sets: KeySets,
    new_entry: Callable[[int], KeyEntry],
    rotation_days: int,
    now: int,
) -> int:
    """How many entries were added.

    When another run was first, none of ours: what it wrote is as good.

    Args:
        purpose: which set.
        key_sets: where the sets are kept.
        new_entry: makes a key that signs from a given second.
        rotation_days: how long a key signs.
        now: epoch seconds at the start of this run.

    Raises:
        UnavailableError: a call failed; the set is as it was.
    """
    old = key_sets.read(purpose)
    starts = missing_starts(old, now=now, rotation_seconds=rotation_days * _DAY)
    if not starts:
        return 0
    added = tuple(new_entry(start) for start in starts)
    return len(added) if key_sets.replace(old, (*old.entries, *added)) else 0
