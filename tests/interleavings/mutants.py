"""The protocol, slightly wrong: what each of its rules would be without one of its clauses."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from greenlet import getcurrent

from rescind.flows.issue import issue_tokens
from rescind.flows.refresh import Rotated
from rescind.model import Credential, Lost, Session, Status, User, Written
from rescind.rules.revocations import Revocation
from rescind.rules.sessions import (
    EndSession,
    Refuse,
    Replay,
    Rotate,
    TryAgain,
    created_after,
    decide_refresh,
    surplus,
)
from rescind.unavailable import UnavailableError
from tests.fakes import FakeAccounts, FakeCredentials, FakeSessions, FakeUsers
from tests.interleavings.world import OWN
from tests.things import USER_ID, a_user

RefreshDecision = Rotate | Replay | EndSession | Refuse | TryAgain


class RefreshesWithoutTheCounterCondition(FakeSessions):
    def advance(self, session: Session, **kwargs: Any) -> Written | Lost[Session]:
        key = (session.user_id, session.session_id)
        row = self.tables.sessions[key]
        self.tables.sessions[key] = replace(row, counter=session.counter)
        written = super().advance(session, **kwargs)
        if not isinstance(written, Written):
            self.tables.sessions[key] = row
        return written


class RefreshesWithoutTheRevokedCondition(FakeSessions):
    def advance(self, session: Session, **kwargs: Any) -> Written | Lost[Session]:
        key = (session.user_id, session.session_id)
        revoked_at = self.tables.sessions[key].revoked_at
        self.tables.sessions[key] = replace(self.tables.sessions[key], revoked_at=None)
        written = super().advance(session, **kwargs)
        self.tables.sessions[key] = replace(self.tables.sessions[key], revoked_at=revoked_at)
        return written


def issues_with_the_users_version(self: Any, user: User, session: Session, **times: int) -> Any:
    """Takes the version from the user row of the moment."""
    now_user, _ = self.states.of_session(session.user_id, session.session_id)
    return issue_tokens(
        user,
        replace(session, version=now_user.token_version),
        counter=self.token.counter + 1,
        keys=self.keys,
        settings=self.settings,
        token_id=self.token_id,
        now=self.now,
        **times,
    )


def decides_without_the_user(_user: User | None, session: Session | None, **given: Any) -> RefreshDecision:
    return decide_refresh(a_user(token_version=session.version if session else 0), session, **given)


class ReadsTheUserBeforeTheRequest:
    """Compares with a user row that was read at some earlier request."""

    def __init__(self, states: Any) -> None:
        self._states = states

    def of_session(self, user_id: str, session_id: str) -> tuple[User | None, Session | None]:
        return a_user(), self._states.of_session(user_id, session_id)[1]

    def of_token(self, **lineage: str) -> Any:
        return self._states.of_token(**lineage)


def rotates_and_then_signs(self: Any, user: User, session: Session) -> Any:
    idle_expires_at = self.now + self.settings.refresh_idle_seconds
    self.sessions.advance(session, now=self.now, idle_expires_at=idle_expires_at, attempt=self.attempt)
    return Rotated(self._issue(user, session, rotated_at=self.now, idle_expires_at=idle_expires_at))


def decides_without_the_attempt(
    user: User | None, session: Session | None, *, attempt: str, **given: Any
) -> RefreshDecision:
    return decide_refresh(user, session, attempt=f"not {attempt}", **given)


def decides_without_the_repeat(
    user: User | None, session: Session | None, *, repeated: bool = False, **given: Any
) -> RefreshDecision:
    return decide_refresh(user, session, repeated=repeated and False, **given)


class SlidesTheGrace(FakeSessions):
    """The replay of a used token makes its time start anew."""

    def replayed(self, session: Session, now: int) -> None:
        self.tables.sessions[session.user_id, session.session_id] = replace(session, rotated_at=now)


def settles_and_slides(settle: Callable[..., Any]) -> Callable[..., Any]:
    def settle_and_slide(self: Any, decision: RefreshDecision) -> Any:
        if isinstance(decision, Replay):
            self.sessions.replayed(decision.session, self.now)
        return settle(self, decision)

    return settle_and_slide


def decides_on_the_grace_first(user: User | None, session: Session | None, **given: Any) -> RefreshDecision:
    if session and session.revoked_at is not None and session.counter == given["presented"] + 1:
        session = replace(session, revoked_at=None)
    return decide_refresh(user, session, **given)


class AddsToTheVersion(FakeUsers):
    """`ADD token_version 1`, on no condition."""

    def raise_version(
        self, user_id: str, *, version: int, now: int, status: Status | None = None
    ) -> Written | Lost[User]:
        version = self.tables.users[user_id].token_version
        return super().raise_version(user_id, version=version, now=now, status=status)


class DisablesWithoutTheVersion(FakeUsers):
    def raise_version(
        self, user_id: str, *, version: int, now: int, status: Status | None = None
    ) -> Written | Lost[User]:
        if status is None:
            return super().raise_version(user_id, version=version, now=now)
        return self._update(user_id, version, lambda user: replace(user, status=status))


class AnnouncesNothing(FakeUsers):
    """But writes all."""

    def _announce(self, revocation: Revocation, now: int) -> None:
        pass


class AnnouncesNoSessionAgain(FakeSessions):
    def end(self, user_id: str, session_id: str, *, now: int) -> bool:
        row = self.tables.sessions[user_id, session_id]
        return row.revoked_at is None and super().end(user_id, session_id, now=now)


class AnnouncesNoVersionAgain(FakeUsers):
    """Whoever finds that it has risen leaves it at that."""

    def raise_version(
        self, user_id: str, *, version: int, now: int, status: Status | None = None
    ) -> Written | Lost[User]:
        row = self.tables.users[user_id]
        if row.token_version != version:
            return Lost(row, repeated=False)
        return super().raise_version(user_id, version=version, now=now, status=status)


class ChangesWhateverTheRevision(FakeUsers):
    def change(self, changed: User, *, now: int) -> Written | Lost[User]:
        row = self.tables.users[changed.user_id]
        return super().change(replace(changed, revision=row.revision + 1), now=now)


class ForgetsThatTheSdkRepeated:
    """A condition that failed in a repeat is taken for one that failed."""

    def __init__(self, users: Any) -> None:
        self._users = users

    def __getattr__(self, name: str) -> Any:
        return getattr(self._users, name)

    def change(self, changed: User, *, now: int) -> Written | Lost[User]:
        written: Written | Lost[User] = self._users.change(changed, now=now)
        return replace(written, repeated=False) if isinstance(written, Lost) else written


class ResetsWhateverWasRead(FakeAccounts):
    def set_password(self, user: User, credential: Credential, **given: Any) -> bool:
        rows = self.tables.users[user.user_id], self.tables.credentials[user.username]
        given |= {"read_user": rows[0], "read_credential": rows[1]}
        return super().set_password(user, credential, **given)


class TakesALostResetForDone:
    """Somebody else has just ended everything, it says; but the password is the old one."""

    def __init__(self, accounts: Any) -> None:
        self._accounts = accounts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._accounts, name)

    def set_password(self, *rows: Any, **given: Any) -> bool:
        self._accounts.set_password(*rows, **given)
        return True


def reads_the_account_once(username: str, credentials: Any, users: Any, nobody: str) -> Any:
    """Does not compare the password versions."""
    credential = credentials.read(username)
    return credential, users.read(credential.user_id if credential else nobody)


class HasAPasswordChangeOfTwoHalves(FakeAccounts):
    """The two halves of a password change."""

    def credential_alone(self, changed: User, password_hash: str) -> bool:
        row = self.tables.credentials[changed.username]
        if row.password_version != changed.password_version - 1:
            return False
        self.tables.credentials[changed.username] = Credential(
            changed.username, changed.user_id, password_hash, changed.password_version
        )
        return True

    def user_and_session(self, changed: User, session: Session, now: int) -> bool:
        row = self.tables.credentials[changed.username]
        before = replace(row, password_version=changed.password_version - 1)
        self.tables.credentials[changed.username] = before
        written = self.change_password(changed, password_hash=row.password_hash, session=session, now=now)
        self.tables.credentials[changed.username] = row
        return written


class ChangesThePasswordInTwoWrites:
    def __init__(self, accounts: Any) -> None:
        self._accounts = accounts

    def change_password(self, changed: User, *, password_hash: str, session: Session, now: int) -> bool:
        return bool(
            self._accounts.credential_alone(changed, password_hash)
            and self._accounts.user_and_session(changed, session, now)
        )


class RehashesWithoutTheCondition(FakeCredentials):
    def rehash(self, credential: Credential, *, password_hash: str) -> bool:
        row = self.tables.credentials[credential.username]
        self.tables.credentials[credential.username] = replace(row, password_hash=password_hash)
        return True


def created_by_its_own_clock(_sessions: Iterable[Session], *, now_ms: int) -> int:
    return now_ms


def created_after_a_stale_query(sessions: Iterable[Session], *, now_ms: int) -> int:
    """Misses what has just been written."""
    return created_after((row for row in sessions if row.session_id == OWN), now_ms=now_ms)


def ends_the_surplus_of_a_stale_query(session: Session, sessions: Any, *, limit: int, now: int) -> None:
    seen = [row for row in sessions.of_user(USER_ID) if row.session_id in (OWN, session.session_id)]
    for each in surplus(seen, version=session.version, limit=limit, now=now):
        sessions.end(each.user_id, each.session_id, now=now)


_SEEN_FIRST: dict[Any, list[Session]] = {}


def created_after_and_remembered(sessions: Iterable[Session], *, now_ms: int) -> int:
    _SEEN_FIRST[getcurrent()] = list(sessions)
    return created_after(_SEEN_FIRST[getcurrent()], now_ms=now_ms)


def ends_the_surplus_of_the_first_query(session: Session, sessions: Any, *, limit: int, now: int) -> None:
    rows = [*_SEEN_FIRST.pop(getcurrent()), session]
    for each in surplus(rows, version=session.version, limit=limit, now=now):
        sessions.end(each.user_id, each.session_id, now=now)


def leaves_its_session_when_it_fails(session: Session, sessions: Any, *, limit: int, now: int) -> None:
    rows = sessions.of_user(session.user_id)
    for each in surplus(rows, version=session.version, limit=limit, now=now):
        sessions.end(each.user_id, each.session_id, now=now)


class TakesAConflictForTheEnd:
    """`end` says "had ended already" where it only could not be written."""

    def __init__(self, sessions: Any) -> None:
        self._sessions = sessions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sessions, name)

    def end(self, user_id: str, session_id: str, *, now: int) -> bool:
        try:
            return bool(self._sessions.end(user_id, session_id, now=now))
        except UnavailableError:
            return False
