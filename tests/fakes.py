"""The tables, in memory. Sworn in by tests/store: the same promises hold here, on moto and on ministack."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from zlib import crc32

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from rescind.model import (
    BlockedToken,
    Credential,
    LoginEnded,
    Lost,
    Session,
    Status,
    TokenUsed,
    User,
    UserPage,
    Written,
)
from rescind.rules.access_tokens import SigningKey
from rescind.rules.key_set import KeyEntry, KeySet, Purpose
from rescind.rules.lifetimes import BLOCKED_AFTER_EXPIRY_SECONDS
from rescind.rules.logout_tokens import ENDED_FOR_SECONDS, keys_of
from rescind.rules.refresh_tokens import MacKey
from rescind.rules.revocations import (
    Revocation,
    ScopeChanged,
    SessionEnded,
    TokenBlocked,
    TokensEnded,
    UserGone,
)
from rescind.rules.subject_tokens import SubjectToken
from rescind.rules.throttle import Full, Tally, Window, counted, given_back
from rescind.unavailable import UnavailableError
from rescind.verdict import State
from tests.things import MAC_KEY, SIGNING_KEY

Announced = tuple[int, Revocation]
"""By the clock of whoever announced it, and what was revoked."""

Method = TypeVar("Method", bound=Callable[..., Any])


def _atomic(method: Method) -> Method:
    """One call at a time, as DynamoDB serialises the writes of an item and a transaction."""

    def alone(self: "FakeTable", *args: Any, **kwargs: Any) -> Any:
        with self.tables.lock:
            return method(self, *args, **kwargs)

    return alone  # type: ignore[return-value] # it has the signature of the method it wraps


@dataclass
class FakeTables:
    """All rows of all tables."""

    credentials: dict[str, Credential] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    sessions: dict[tuple[str, str], Session] = field(default_factory=dict)
    blocklist: dict[str, BlockedToken] = field(default_factory=dict)
    key_sets: dict[Purpose, KeySet] = field(default_factory=dict)
    attempts: dict[str, Tally] = field(default_factory=dict)
    opened_by: dict[str, list[tuple[int, tuple[str, str]]]] = field(default_factory=dict)
    announced: set[Announced] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)


@dataclass
class FakeTable:
    tables: FakeTables

    def _announce(self, revocation: Revocation, now: int) -> None:
        self.tables.announced.add((now, revocation))


class FakeCredentials(FakeTable):
    @_atomic
    def read(self, username: str) -> Credential | None:
        return self.tables.credentials.get(username)

    @_atomic
    def rehash(self, credential: Credential, *, password_hash: str) -> bool:
        row = self.tables.credentials.get(credential.username)
        if (
            row is None
            or row.user_id != credential.user_id
            or row.password_version != credential.password_version
        ):
            return False
        self.tables.credentials[credential.username] = replace(row, password_hash=password_hash)
        return True


class FakeUsers(FakeTable):
    @_atomic
    def read(self, user_id: str) -> User | None:
        return self.tables.users.get(user_id)

    @_atomic
    def page(self, *, segment: int, of: int, after: str | None, limit: int) -> UserPage:
        left = [
            user
            for user_id, user in sorted(self.tables.users.items())
            if crc32(user_id.encode()) % of == segment and (after is None or user_id > after)
        ]
        rows = tuple(left[:limit])
        return UserPage(rows, rows[-1].user_id if len(left) > limit else None)

    @_atomic
    def raise_version(
        self, user_id: str, *, version: int, now: int, status: Status | None = None
    ) -> Written | Lost[User]:
        written = self._update(
            user_id,
            version,
            lambda user: replace(
                user, token_version=version + 1, logged_out_at=now, status=status or user.status
            ),
        )
        self.announce_end(user_id, now=now)
        return written

    @_atomic
    def announce_end(self, user_id: str, *, now: int) -> None:
        user = self.tables.users.get(user_id)
        end = TokensEnded(user_id, user.token_version, user.logged_out_at) if user else UserGone(user_id)
        self._announce(end, now)

    @_atomic
    def change(self, changed: User, *, now: int) -> Written | Lost[User]:
        user = self.tables.users.get(changed.user_id)
        if user is None or user.revision != changed.revision - 1:
            return Lost(user, repeated=False)
        self.tables.users[changed.user_id] = replace(
            user, scope=changed.scope, claims=changed.claims, revision=changed.revision
        )
        self._announce(ScopeChanged(user.user_id, changed.scope, changed.revision), now)
        return Written()

    @_atomic
    def enable(self, user_id: str, *, version: int) -> Written | Lost[User]:
        return self._update(user_id, version, lambda user: replace(user, status=Status.ACTIVE))

    @_atomic
    def delete(self, user_id: str, *, now: int) -> bool:
        self._announce(UserGone(user_id), now)
        return self.tables.users.pop(user_id, None) is not None

    def _update(self, user_id: str, version: int, change: Callable[[User], User]) -> Written | Lost[User]:
        user = self.tables.users.get(user_id)
        if user is None or user.token_version != version:
            return Lost(user, repeated=False)
        self.tables.users[user_id] = change(user)
        return Written()


class FakeAccounts(FakeTable):
    @_atomic
    def create(self, user: User, credential: Credential) -> bool:
        if credential.username in self.tables.credentials or user.user_id in self.tables.users:
            return False
        self.tables.credentials[credential.username] = credential
        self.tables.users[user.user_id] = user
        return True

    @_atomic
    def delete(self, user: User, *, now: int) -> bool:
        credential = self.tables.credentials.get(user.username)
        if credential is None or credential.user_id != user.user_id or user.user_id not in self.tables.users:
            return False
        del self.tables.credentials[user.username], self.tables.users[user.user_id]
        self._announce(UserGone(user.user_id), now)
        return True

    @_atomic
    def change_password(self, changed: User, *, password_hash: str, session: Session, now: int) -> bool:
        user = self.tables.users.get(changed.user_id)
        credential = self.tables.credentials.get(changed.username)
        if (
            user is None
            or user.status is not Status.ACTIVE
            or user.token_version != changed.token_version - 1
            or user.password_version != changed.password_version - 1
            or credential is None
            or credential.user_id != changed.user_id
            or credential.password_version != changed.password_version - 1
            or (session.user_id, session.session_id) in self.tables.sessions
        ):
            return False
        self.tables.users[changed.user_id] = replace(
            user,
            token_version=changed.token_version,
            password_version=changed.password_version,
            logged_out_at=changed.logged_out_at,
        )
        self.tables.credentials[changed.username] = replace(
            credential, password_hash=password_hash, password_version=changed.password_version
        )
        self.tables.sessions[session.user_id, session.session_id] = session
        self._announce(TokensEnded(user.user_id, changed.token_version, changed.logged_out_at), now)
        return True

    @_atomic
    def set_password(
        self,
        user: User,
        credential: Credential,
        *,
        read_user: User,
        read_credential: Credential | None,
        attempt: str,
        now: int,
    ) -> bool:
        del attempt
        row = self.tables.users.get(user.user_id)
        of_name = self.tables.credentials.get(credential.username)
        if (
            row is None
            or (row.token_version, row.password_version)
            != (read_user.token_version, read_user.password_version)
            or _whose(of_name) != _whose(read_credential)
        ):
            return False
        self.tables.users[user.user_id] = replace(
            row,
            token_version=user.token_version,
            password_version=user.password_version,
            logged_out_at=user.logged_out_at,
        )
        self.tables.credentials[credential.username] = credential
        self._announce(TokensEnded(user.user_id, user.token_version, user.logged_out_at), now)
        return True


def _whose(credential: Credential | None) -> tuple[str, int] | None:
    return (credential.user_id, credential.password_version) if credential else None


class FakeSessions(FakeTable):
    @_atomic
    def read(self, user_id: str, session_id: str) -> Session | None:
        return self.tables.sessions.get((user_id, session_id))

    @_atomic
    def of_user(self, user_id: str) -> list[Session]:
        return [session for key, session in sorted(self.tables.sessions.items()) if key[0] == user_id]

    @_atomic
    def put(self, session: Session) -> Written | Lost[Session]:
        key = (session.user_id, session.session_id)
        if key in self.tables.sessions:
            return Lost(self.tables.sessions[key], repeated=False)
        self.tables.sessions[key] = session
        return Written()

    @_atomic
    def advance(
        self, session: Session, *, now: int, idle_expires_at: int, attempt: str
    ) -> Written | Lost[Session]:
        key = (session.user_id, session.session_id)
        row = self.tables.sessions.get(key)
        if (
            row is None
            or row.counter != session.counter
            or row.revoked_at is not None
            or row.idle_expires_at <= now
            or row.absolute_expires_at <= now
        ):
            return Lost(row, repeated=False)
        self.tables.sessions[key] = replace(
            row,
            counter=row.counter + 1,
            rotated_at=now,
            last_used_at=now,
            idle_expires_at=idle_expires_at,
            attempt=attempt,
        )
        return Written()

    @_atomic
    def end(self, user_id: str, session_id: str, *, now: int) -> bool:
        row = self.tables.sessions.get((user_id, session_id))
        if row is None:
            return False
        self._announce(SessionEnded(user_id, session_id), now)
        if row.revoked_at is not None:
            return False
        self.tables.sessions[user_id, session_id] = replace(row, revoked_at=now)
        return True


class FakeBlocklist(FakeTable):
    @_atomic
    def put(self, blocked: BlockedToken) -> None:
        self.tables.blocklist[blocked.jti] = blocked
        self.announce(blocked.jti, now=blocked.blocked_at)

    @_atomic
    def announce(self, jti: str, *, now: int) -> None:
        blocked = self.tables.blocklist.get(jti)
        if blocked is not None:
            self._announce(TokenBlocked(jti, blocked.ttl - BLOCKED_AFTER_EXPIRY_SECONDS), now)

    @_atomic
    def read(self, jti: str) -> BlockedToken | None:
        return self.tables.blocklist.get(jti)


class FakeLogins(FakeTable):
    @_atomic
    def refusal(self, token: SubjectToken) -> TokenUsed | LoginEnded | None:
        ended = [self.tables.blocklist[key] for key in keys_of(token) if key in self.tables.blocklist]
        if any(entry.blocked_at >= token.issued_at for entry in ended):
            return LoginEnded()
        return TokenUsed() if f"used_{token.digest}" in self.tables.blocklist else None

    @_atomic
    def open(
        self, session: Session, token: SubjectToken, *, granted: User | None, now: int
    ) -> Written | TokenUsed:
        used, pair = f"used_{token.digest}", (session.user_id, session.session_id)
        if used in self.tables.blocklist:
            return TokenUsed()
        user = self.tables.users.get(session.user_id)
        if granted is not None and (user is None or user.revision != granted.revision - 1):
            raise UnavailableError("the user is being changed by other requests")
        if pair in self.tables.sessions:
            raise UnavailableError("a session of this id is there")
        self._note(used, session.last_used_at, token.remembered_until, session.user_id)
        self.tables.sessions[pair] = session
        for key in keys_of(token):
            self.tables.opened_by.setdefault(key, []).append((token.issued_at, pair))
        if granted is not None and user is not None:
            self.tables.users[user.user_id] = replace(
                user, scope=granted.scope, granted_at=granted.granted_at, revision=granted.revision
            )
            self._announce(ScopeChanged(user.user_id, granted.scope, granted.revision), now)
        return Written()

    @_atomic
    def end(self, key: str, *, at: int) -> None:
        entry = self.tables.blocklist.get(key)
        if entry is None or entry.blocked_at < at:
            self._note(key, at, at + ENDED_FOR_SECONDS, None)

    @_atomic
    def sessions_of(self, key: str, *, until: int) -> list[tuple[str, str]]:
        return [pair for issued_at, pair in self.tables.opened_by.get(key, []) if issued_at <= until]

    def _note(self, key: str, at: int, ttl: int, user_id: str | None) -> None:
        self.tables.blocklist[key] = BlockedToken(key, user_id, "login", at, ttl)


class FakeAttempts(FakeTable):
    @_atomic
    def count(self, window: Window, *, now: int) -> Full | None:
        tally = counted(self.tables.attempts.get(window.bucket), window, now=now)
        if isinstance(tally, Full):
            return tally
        self.tables.attempts[window.bucket] = tally
        return None

    @_atomic
    def give_back(self, window: Window, *, now: int) -> None:
        tally = self.tables.attempts.get(window.bucket)
        if tally is not None:
            self.tables.attempts[window.bucket] = given_back(tally, window, now=now)

    @_atomic
    def forget(self, window: Window) -> None:
        self.tables.attempts.pop(window.bucket, None)


class FakeStates(FakeTable):
    @_atomic
    def of_token(self, *, jti: str, user_id: str, session_id: str) -> State:
        user, session = self.of_session(user_id, session_id)
        return State(blocked=jti in self.tables.blocklist, user=user, session=session)

    @_atomic
    def of_session(self, user_id: str, session_id: str) -> tuple[User | None, Session | None]:
        return self.tables.users.get(user_id), self.tables.sessions.get((user_id, session_id))


class FakeKeySets(FakeTable):
    @_atomic
    def read(self, purpose: Purpose) -> KeySet:
        return self.tables.key_sets.get(purpose, KeySet(purpose, 0, ()))

    @_atomic
    def replace(self, old: KeySet, entries: tuple[KeyEntry, ...]) -> bool:
        if self.read(old.purpose).revision != old.revision:
            return False
        self.tables.key_sets[old.purpose] = KeySet(old.purpose, old.revision + 1, entries)
        return True


class FakeKeyring:
    """One key of each kind, for ever."""

    def verification_keys(self, *, now: int) -> Mapping[str, EllipticCurvePublicKey]:
        del now
        return {SIGNING_KEY.kid: SIGNING_KEY.private_key.public_key()}

    def signing_key(self, *, now: int) -> SigningKey:
        del now
        return SIGNING_KEY

    def mac_key(self, *, now: int, at: int) -> MacKey:
        del now, at
        return MAC_KEY

    def mac_key_of(self, key_id: str, *, now: int) -> MacKey | None:
        del now
        return MAC_KEY if key_id == MAC_KEY.key_id else None
