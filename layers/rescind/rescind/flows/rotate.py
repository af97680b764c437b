"""Key rotation, in one conditional write: add what is missing from a set, or bring its next key forward."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from rescind.rules.key_changes import (
    is_about_to_sign,
    missing_starts,
    published_ahead,
    with_next_brought_forward,
    worth_keeping,
)
from rescind.rules.key_set import KeyEntry, KeySet, Purpose
from rescind.unavailable import UnavailableError

_DAY = 86_400
_STARTS = 3


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


@dataclass(frozen=True, slots=True)
class TakesOver:
    """The key that signs next, and from when."""

    entry: KeyEntry
    changed: bool
    """Whether that is this run's doing; otherwise it was about to already."""


def rotate_now(
    purpose: Purpose, *, key_sets: KeySets, new_entry: NewEntry, rotation_days: int, now: int
) -> TakesOver:
    """Let the key that is published ahead take over as early as it may, and publish another ahead.

    The one that signs is not revoked: it goes on until then, and what it has signed lives its whole life.
    When others have changed the set meanwhile, this reads and decides again.

    Args:
        purpose: which set.
        key_sets: where the sets are kept.
        new_entry: makes a key.
        rotation_days: how long a key signs.
        now: epoch seconds at the start of this run.

    Raises:
        UnavailableError: a call failed, or others changed the set at every try. To repeat it is safe.
    """

    def completed(key_set: KeySet) -> KeySet:
        added = missing_entries(key_set, new_entry=new_entry, rotation_days=rotation_days, now=now)
        return replace(key_set, entries=(*key_set.entries, *added))

    for _ in range(_STARTS):
        old = key_sets.read(purpose)
        following = published_ahead(old, now=now)
        if following and is_about_to_sign(following[0], now=now):
            return TakesOver(following[0], changed=False)
        # Completed before, for a set that has nobody ahead; and after, for the one who takes over.
        new = completed(replace(old, entries=worth_keeping(old, now=now)))
        new = completed(replace(new, entries=with_next_brought_forward(new, now=now)))
        if key_sets.replace(old, new.entries):
            return TakesOver(published_ahead(new, now=now)[0], changed=True)
    raise UnavailableError(f"the key set {purpose} is being changed by other runs")


def missing_entries(
    key_set: KeySet, *, new_entry: NewEntry, rotation_days: int, now: int
) -> tuple[KeyEntry, ...]:
    """The entries that are missing from the set, newly made.

    Raises:
        UnavailableError: one could not be made.
    """
    starts = missing_starts(key_set, now=now, rotation_seconds=rotation_days * _DAY)
    return tuple(replace(new_entry(key_set.purpose, start), added_at=now) for start in starts)
