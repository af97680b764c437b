"""The keys that this sandbox may use now: the key set as last read, and the secrets KMS opened for it."""

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from rescind import deadline
from rescind.key_pairs import private_key_of, public_key_of
from rescind.rules.access_tokens import SigningKey
from rescind.rules.key_set import (
    KEEP_AT_MOST_SECONDS,
    READ_AGAIN_SECONDS,
    KeyEntry,
    KeySet,
    Purpose,
    signer,
    verifiers,
)
from rescind.rules.refresh_tokens import MacKey
from rescind.unavailable import UnavailableError

_TRY_AGAIN_SECONDS = 10
_MAC_SECRET_BYTES = 32  # As `keys.py` has them made.


class KeySetReader(Protocol):
    def read(self, purpose: Purpose) -> KeySet: ...


class KeyOpener(Protocol):
    def open(self, encrypted: bytes, *, purpose: Purpose) -> bytes: ...


class Keyring:
    """Reads a set again every 60 s, lives on the last one for at most 10 minutes if it cannot, then fails.

    A key id that is not in a set of at most 60 s is nobody's. One that is not in an older set may be of a
    newer key: there it is a failure, never a no. Neither costs a call.
    """

    def __init__(self, key_sets: KeySetReader, key_service: KeyOpener) -> None:
        self._key_sets = key_sets
        self._key_service = key_service
        self._sets: dict[Purpose, tuple[KeySet, int]] = {}
        self._failed_at = dict.fromkeys(Purpose, 0)
        self._opened: dict[tuple[Purpose, str], bytes] = {}

    def verification_keys(self, *, now: int) -> Mapping[str, EllipticCurvePublicKey]:
        """The public keys that verify access tokens, by kid; looking up what an old set cannot know fails."""
        key_set = self._current(Purpose.ACCESS_TOKEN, now)
        keys = {entry.key_id: _public_key(entry) for entry in verifiers(key_set, now=now)}
        return _KeysOfOldSet(keys, key_set) if self._is_old(key_set, now) else keys

    def signing_key(self, *, now: int) -> SigningKey:
        """The key that signs access tokens at `now`."""
        entry = self._signer(Purpose.ACCESS_TOKEN, now=now, at=now)
        return SigningKey(entry.key_id, private_key_of(self._open(entry, Purpose.ACCESS_TOKEN)))

    def mac_key(self, *, now: int, at: int) -> MacKey:
        """The key of refresh tokens made at second `at`: that of a successor is its rotation's, for ever."""
        entry = self._signer(Purpose.REFRESH_TOKEN, now=now, at=at)
        return MacKey(entry.key_id, self._open(entry, Purpose.REFRESH_TOKEN))

    def mac_key_of(self, key_id: str, *, now: int) -> MacKey | None:
        """The key of this id, when it still verifies."""
        self._renew_what_signs(now)
        key_set = self._current(Purpose.REFRESH_TOKEN, now)
        for entry in verifiers(key_set, now=now):
            if entry.key_id == key_id:
                return MacKey(key_id, self._open(entry, Purpose.REFRESH_TOKEN))
        if self._is_old(key_set, now):
            _fail_unless_known(key_id, key_set)
        return None

    def _renew_what_signs(self, now: int) -> None:
        """Where the set that signs is due, read it, and the mac keys after it: take both, or neither.

        When keys of both kinds are revoked, those of refresh tokens go first. A sandbox with the signing keys
        of after and the mac keys of before would take a dead refresh token, and sign for it with a live key.
        """
        held = self._sets.get(Purpose.ACCESS_TOKEN)
        self._current(Purpose.ACCESS_TOKEN, now)
        if self._sets[Purpose.ACCESS_TOKEN] is held or Purpose.REFRESH_TOKEN not in self._sets:
            return
        will_do = held is not None and 0 <= now - held[1] <= KEEP_AT_MOST_SECONDS
        try:
            with deadline.as_long_as_one_try() if will_do else nullcontext():
                self._read(Purpose.REFRESH_TOKEN, now)
        except UnavailableError:
            if held is None or not will_do:
                del self._sets[Purpose.ACCESS_TOKEN]
                raise
            self._sets[Purpose.ACCESS_TOKEN] = held
            self._failed_at = dict.fromkeys(Purpose, now)

    def _signer(self, purpose: Purpose, *, now: int, at: int) -> KeyEntry:
        entry = signer(self._current(purpose, now), at=at, now=now)
        if entry is None:
            raise UnavailableError(f"the key set {purpose} has no entry that may sign")
        return entry

    def _is_old(self, key_set: KeySet, now: int) -> bool:
        """Whether it could not be read when it should have been."""
        _, read_at = self._sets[key_set.purpose]
        return now - read_at >= READ_AGAIN_SECONDS

    def _current(self, purpose: Purpose, now: int) -> KeySet:
        kept, read_at = self._sets.get(purpose, (None, 0))
        # A negative age is a clock that was set back: it says nothing, so read.
        age = now - read_at
        if kept is None or not 0 <= age <= KEEP_AT_MOST_SECONDS:
            return self._read(purpose, now)
        # A table that does not answer is asked every ten seconds, not several times by each request.
        if age < READ_AGAIN_SECONDS or 0 <= now - self._failed_at[purpose] < _TRY_AGAIN_SECONDS:
            return kept
        try:
            with deadline.as_long_as_one_try():  # The request can go on without it, but not without time.
                return self._read(purpose, now)
        except UnavailableError:
            self._failed_at[purpose] = now
            return kept

    def _read(self, purpose: Purpose, now: int) -> KeySet:
        read = self._key_sets.read(purpose)
        if not read.entries:
            raise UnavailableError(f"the key set {purpose} is empty")
        self._sets[purpose] = (read, now)
        return read

    def _open(self, entry: KeyEntry, purpose: Purpose) -> bytes:
        name = (purpose, entry.key_id)
        if name not in self._opened:
            opened = self._key_service.open(entry.encrypted_key, purpose=purpose)
            _check_opened(opened, entry, purpose)  # It is kept for the sandbox's life.
            self._opened[name] = opened
        return self._opened[name]


class _KeysOfOldSet(Mapping[str, EllipticCurvePublicKey]):
    """The keys of a set that could not be read again."""

    def __init__(self, keys: Mapping[str, EllipticCurvePublicKey], key_set: KeySet) -> None:
        self._keys = keys
        self._key_set = key_set

    def __getitem__(self, kid: str) -> EllipticCurvePublicKey:
        if kid not in self._keys:
            _fail_unless_known(kid, self._key_set)
        return self._keys[kid]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def _fail_unless_known(key_id: str, key_set: KeySet) -> None:
    """A key that the old set has, revoked or retired, is still so; of another one it knows nothing."""
    if all(entry.key_id != key_id for entry in key_set.entries):
        raise UnavailableError("a key that is not in a set of long ago")


def _public_key(entry: KeyEntry) -> EllipticCurvePublicKey:
    if entry.public_key is None:
        raise UnavailableError(f"the key entry {entry.key_id} has no public key")
    return public_key_of(entry.public_key)


def _check_opened(opened: bytes, entry: KeyEntry, purpose: Purpose) -> None:
    """KMS sends no checksum: a pair must belong together, and a secret be as long as it was made."""
    if purpose is Purpose.ACCESS_TOKEN:
        whole = private_key_of(opened).public_key() == _public_key(entry)
    else:
        whole = len(opened) == _MAC_SECRET_BYTES
    if not whole:
        raise UnavailableError(f"what KMS opened is not the key {entry.key_id}")
