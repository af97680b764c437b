"""What each key of a set does at a given second, in a word: for people who look at the set."""

from dataclasses import dataclass
from enum import StrEnum

from rescind.rules.key_set import KeyEntry, KeySet, due, signer, verification_ends


class KeyState(StrEnum):
    """All but the last two verify."""

    SIGNS = "signs"
    NEXT = "next"
    """Published ahead: it takes over at its `signs_from`, or when those before it are revoked."""
    WAITING = "waiting"
    """It is its turn, but not everybody knows it yet: until then nobody signs."""
    VERIFIES = "verifies"
    """Another has followed it: it signs no more, and what it signed may still be alive."""
    RETIRED = "retired"
    """All that it signed is dead."""
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class KeyStanding:
    entry: KeyEntry
    state: KeyState
    verifies_until: int | None
    """From when its signatures count no more; None while nothing has followed it, and when it is revoked."""


def standings(key_set: KeySet, *, now: int) -> list[KeyStanding]:
    """How each entry stands, in the order of the set."""
    current = due(key_set, at=now)
    behind_current = False
    found = []
    for entry, end in zip(key_set.entries, verification_ends(key_set), strict=True):
        if entry.revoked_at is not None:
            found.append(KeyStanding(entry, KeyState.REVOKED, None))
        elif entry is current:
            behind_current = True
            signs = signer(key_set, at=now, now=now) is not None
            found.append(KeyStanding(entry, KeyState.SIGNS if signs else KeyState.WAITING, None))
        elif behind_current:
            found.append(KeyStanding(entry, KeyState.NEXT, None))
        else:
            # Whatever stands before the one whose turn it is has been followed, so the end is a number.
            found.append(KeyStanding(entry, KeyState.VERIFIES if now < end else KeyState.RETIRED, int(end)))
    return found


def standing_of(key_id: str, key_set: KeySet, *, now: int) -> KeyStanding | None:
    """How the key of this id stands; None where the set has none."""
    return next((each for each in standings(key_set, now=now) if each.entry.key_id == key_id), None)
