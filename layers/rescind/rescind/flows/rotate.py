"""Key rotation: add the entries that are missing from a key set, in one conditional write."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from rescind.rules.key_changes import missing_starts, worth_keeping
from rescind.rules.key_set import KeyEntry, KeySet, Purpose

_DAY = 86_400


class KeySets(Protocol):
    def read(self, purpose: Purpose) -> KeySet: ...

    def replace(self, old: KeySet, entries: tuple[KeyEntry, ...]) -> bool: ...


NewEntry = Callable[[Purpose, int], KeyEntry]
"""Makes a key of a purpose that signs from a given second."""


def rotate(purpose: Purpose, *, key_sets: KeySets, new_entry: NewEntry, rotation_days: int, now: int) -> int:
    """How many entries were added.

    When another run was first, none of ours: what it wrote is as good.

    Args:
        purpose: which set.
        key_sets: where the sets are kept.
        new_entry: makes a key.
        rotation_days: how long a key signs.
        now: epoch seconds at the start of this run.

    Raises:
        UnavailableError: a call failed; the set is as it was.
    """
    old = key_sets.read(purpose)
    added = missing_entries(old, new_entry=new_entry, rotation_days=rotation_days, now=now)
    if not added:
        return 0
    return len(added) if key_sets.replace(old, (*worth_keeping(old, now=now), *added)) else 0


def missing_entries(
    key_set: KeySet, *, new_entry: NewEntry, rotation_days: int, now: int
) -> tuple[KeyEntry, ...]:
    """The entries that are missing from the set, newly made.

    Raises:
        UnavailableError: one could not be made.
    """
    starts = missing_starts(key_set, now=now, rotation_seconds=rotation_days * _DAY)
    return tuple(replace(new_entry(key_set.purpose, start), added_at=now) for start in starts)
