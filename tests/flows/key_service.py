"""A service over days of rotations and revocations: its sandboxes, its clients, what each answer may be."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from rescind import ids
from rescind.flows.authenticate import authenticate
from rescind.flows.issue import Refused, Tokens, issue_first_tokens
from rescind.flows.refresh import Replayed, Rotated, SessionEnded, refresh
from rescind.flows.revoke_key import revoke_key
from rescind.flows.rotate import rotate, rotate_now
from rescind.keyring import Keyring
from rescind.model import Client
from rescind.reasons import Reason
from rescind.rules.key_set import KeyEntry, KeySet, Purpose, signer
from rescind.rules.refresh_tokens import unverified_refresh_token
from rescind.rules.sessions import new_session
from rescind.settings import Settings
from rescind.unavailable import UnavailableError
from rescind.verdict import Allow, Refuse
from tests.fakes import FakeKeySets, FakeSessions, FakeStates, FakeTables
from tests.things import NOW, SETTINGS, USER_ID, a_user

Answer = TypeVar("Answer")

DAY = 86_400
# What is promised: until a set is read again, or is given up, and what a clock may be off; and until a new
# key signs, by the slowest of clocks.
ENDS_WITHIN, ENDS_WITHIN_WHERE_CUT_OFF = 70, 610
HOLDS_FOR = 100
# Until a read that failed is tried again.
TRIED_AGAIN_WITHIN = 10
LONGEST = replace(
    SETTINGS, access_token_seconds=3600, refresh_idle_seconds=31_536_000, refresh_absolute_seconds=31_536_000
)
LOWERED = replace(SETTINGS, access_token_seconds=60, refresh_idle_seconds=4400, refresh_absolute_seconds=4400)


@functools.cache
def key_pair(number: int) -> tuple[bytes, bytes]:
    key = ec.derive_private_key(1000 + number, ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return public, key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


class OpenKms:
    """Opens everything: nothing was sealed."""

    def open(self, encrypted: bytes, *, purpose: Purpose) -> bytes:
        del purpose
        return encrypted


@dataclass
class Sandbox:
    tables: FakeTables
    clock_off: int = 0
    cut_off: bool = False
    """From the Keys table."""
    reconnected_at: int = 0

    def __post_init__(self) -> None:
        self.keys = Keyring(self, OpenKms())
        self.last_read: dict[Purpose, KeySet] = {}

    def read(self, purpose: Purpose) -> KeySet:
        if self.cut_off:
            raise UnavailableError("the Keys table cannot be read")
        self.last_read[purpose] = FakeKeySets(self.tables).read(purpose)
        return self.last_read[purpose]

    def takes_for_good(self, key_id: str) -> bool:
        """Whether the key is in a set that it has read, and was not revoked when it read it."""
        known = (entry for key_set in self.last_read.values() for entry in key_set.entries)
        return any(entry.key_id == key_id and entry.revoked_at is None for entry in known)


@dataclass(frozen=True)
class Given:
    """What a client was given, and by whose keys."""

    tokens: Tokens
    kid: str
    mac_key_id: str
    expires_at: int


@dataclass
class Service:
    rotation_days: int = 30
    settings: Settings = LONGEST
    now: int = NOW
    tables: FakeTables = field(default_factory=FakeTables)
    revoked: dict[str, int] = field(default_factory=dict)
    """Key ids, and when they were."""
    given: dict[str, Given] = field(default_factory=dict)
    """The last tokens of each signing key."""
    names: Any = field(default_factory=count)

    def __post_init__(self) -> None:
        self.tables.users[USER_ID] = a_user(logged_out_at=0)
        self.run()
        self.next_run = self.now + DAY

    # Time, and what `keys` does

    def wait(self, seconds: int) -> None:
        """Let time pass, with a run every day."""
        until = self.now + seconds
        while self.next_run <= until:
            self.now = self.next_run
            self.run()
            self.next_run += DAY
        self.now = until

    def wait_for_the_next_takeover(self, seconds: int = 0) -> None:
        """Until so long after the next key's time, or before it."""
        sets = self.tables.key_sets.values()
        starts = [entry.signs_from for key_set in sets for entry in key_set.entries]
        self.wait(max(0, min(start for start in starts if start > self.now) + seconds - self.now))

    def run(self, clock_off: int = 0) -> None:
        for purpose in Purpose:
            rotate(purpose, now=self.now + clock_off, **self._run())

    def rotate_now(self, *, clock_off: int = 0) -> dict[Purpose, KeyEntry]:
        """Which keys take over early; by a host of this clock."""
        return {
            purpose: rotate_now(purpose, now=self.now + clock_off, **self._run()).entry for purpose in Purpose
        }

    def revoke(self, key_id: str, *, clock_off: int = 0) -> None:
        """By a host of this clock, which may have been read some seconds before the write."""
        for key_ids in revoke_key(key_id, now=self.now + clock_off, **self._run()).values():
            for each in key_ids:
                self.revoked.setdefault(each, self.now)

    def _run(self) -> dict[str, Any]:
        return {
            "key_sets": FakeKeySets(self.tables),
            "new_entry": self._new_entry,
            "rotation_days": self.rotation_days,
        }

    def _new_entry(self, purpose: Purpose, signs_from: int) -> KeyEntry:
        if purpose is Purpose.REFRESH_TOKEN:
            return KeyEntry(ids.new_mac_key_id(), signs_from, next(self.names).to_bytes(32))
        number = next(self.names)
        public, private = key_pair(number)
        return KeyEntry(f"kid-{number}", signs_from, private, public)

    def entries(self, purpose: Purpose) -> tuple[KeyEntry, ...]:
        return self.tables.key_sets[purpose].entries

    def signing(self, purpose: Purpose) -> str | None:
        entry = signer(self.tables.key_sets[purpose], at=self.now, now=self.now)
        return entry.key_id if entry else None

    def is_settled(self) -> bool:
        """Whether every new key may have come to sign since the last revocation."""
        return self.now > max(self.revoked.values(), default=0) + HOLDS_FOR

    def reconnect(self, sandbox: Sandbox) -> None:
        if sandbox.cut_off:
            sandbox.cut_off, sandbox.reconnected_at = False, self.now

    def goes_without(self, sandbox: Sandbox) -> bool:
        """Whether it may have to go on with the set that it has: it cannot read, or has just tried to."""
        return sandbox.cut_off or self.now < sandbox.reconnected_at + TRIED_AGAIN_WITHIN

    def is_of_a_revocation_missed(self, given: Given, sandbox: Sandbox) -> bool:
        """Whether this sandbox made it with a revoked key, as it had not read of that, and need not have."""
        key_id = given.mac_key_id
        missed = key_id in self.revoked and sandbox.takes_for_good(key_id)
        return missed and not self._has_ended(key_id, sandbox)

    # What clients do, and what they may be told

    def log_in(self, sandbox: Sandbox) -> Given | None:
        now = self.now + sandbox.clock_off
        session = new_session(
            self.tables.users[USER_ID],
            ids.new_ids(),
            created_at_ms=now * 1000,
            client=Client("test", "192.0.2.1"),
            idle_seconds=self.settings.refresh_idle_seconds,
            absolute_seconds=self.settings.refresh_absolute_seconds,
            now=now,
        )
        tokens = self._answer(
            sandbox,
            lambda: issue_first_tokens(
                self.tables.users[USER_ID],
                session,
                keys=sandbox.keys,
                settings=self.settings,
                token_id=ids.new_token_id(),
                now=now,
            ),
        )
        if tokens is None:
            return None
        FakeSessions(self.tables).put(session)
        return self._given(tokens, sandbox)

    def refresh(self, given: Given, sandbox: Sandbox) -> Given | None:
        """What the client is given; None when it is told to come again, or rightly refused."""
        now = self.now + sandbox.clock_off
        outcome = self._answer(
            sandbox,
            lambda: refresh(
                given.tokens.refresh_token,
                states=FakeStates(self.tables),
                sessions=FakeSessions(self.tables),
                keys=sandbox.keys,
                settings=self.settings,
                token_id=ids.new_token_id(),
                attempt=ids.new_attempt_id(),
                now=now,
            ),
        )
        match outcome:
            case Rotated(tokens) | Replayed(tokens):
                assert not self._has_ended(given.mac_key_id, sandbox)
                return self._given(tokens, sandbox)
            case Refused(Reason.UNKNOWN_KEY):
                assert given.mac_key_id in self.revoked, "a false 401"
            case Refused(Reason.EXPIRED):
                row = self.tables.sessions[USER_ID, given.tokens.session_id]
                assert now >= min(row.idle_expires_at, row.absolute_expires_at)
            case Refused() | SessionEnded():
                raise AssertionError(f"a key change ended a session: {outcome}")
            case None:
                pass
        return None

    def call(self, given: Given, sandbox: Sandbox) -> Allow | Refuse | None:
        """The authorizer's answer; None when it is that it cannot tell."""
        now = self.now + sandbox.clock_off
        try:
            decision = authenticate(
                given.tokens.access_token,
                keys=sandbox.keys,
                states=FakeStates(self.tables),
                settings=self.settings,
                now=now,
            )
        except UnavailableError:
            assert self.goes_without(sandbox)
            return None
        if isinstance(decision, Allow):
            assert not self._has_ended(given.kid, sandbox)
        elif now < given.expires_at:
            assert decision.reason is Reason.UNKNOWN_KEY
            assert given.kid in self.revoked, "a false 401"
        return decision

    def _has_ended(self, key_id: str, sandbox: Sandbox) -> bool:
        within = ENDS_WITHIN_WHERE_CUT_OFF if self.goes_without(sandbox) else ENDS_WITHIN
        return key_id in self.revoked and self.now >= self.revoked[key_id] + within

    def _answer(self, sandbox: Sandbox, ask: Callable[[], Answer]) -> Answer | None:
        try:
            return ask()
        except UnavailableError:
            assert self.goes_without(sandbox) or not self.is_settled(), "a 503 without a revocation"
            return None

    def _given(self, tokens: Tokens, sandbox: Sandbox) -> Given:
        now = self.now + sandbox.clock_off
        given = Given(
            tokens,
            kid=sandbox.keys.signing_key(now=now).kid,
            mac_key_id=unverified_refresh_token(tokens.refresh_token).key_id,
            expires_at=now + tokens.expires_in,
        )
        self.given[given.kid] = given
        return given
