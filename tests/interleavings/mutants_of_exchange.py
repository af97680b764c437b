"""The exchange and the way back, slightly wrong: without one of their clauses, or with two steps swapped."""

from dataclasses import replace
from typing import Any

from rescind.flows.accounts import change_user
from rescind.flows.backchannel import end_login
from rescind.model import Credential, LoginEnded, Lost, Session, TokenUsed, User, Written
from rescind.rules.subject_tokens import SubjectToken
from tests.fakes import FakeAccounts, FakeLogins


def ends_the_sessions_first(text: str, *, logins: Any, **given: Any) -> Any:
    to_end: list[tuple[str, int]] = []

    class EndsLater:
        def __getattr__(self, name: str) -> Any:
            return getattr(logins, name)

        def end(self, key: str, *, at: int) -> None:
            to_end.append((key, at))

    outcome = end_login(text, logins=EndsLater(), **given)
    for key, at in to_end:
        logins.end(key, at=at)
    return outcome


class LoginsOfTwoSteps(FakeLogins):
    """The two halves of what should be one write."""

    def open_only(self, session: Session, token: SubjectToken) -> Written | Lost[Session] | LoginEnded:
        opened = self.open(session, replace(token, digest=session.session_id))
        assert not isinstance(opened, TokenUsed)
        return opened

    def use(self, session: Session, token: SubjectToken) -> None:
        self._note(f"used_{token.digest}", session.last_used_at, token.remembered_until, session.user_id)


class OpensInTwoSteps:
    def __init__(self, logins: Any) -> None:
        self._logins = logins

    def __getattr__(self, name: str) -> Any:
        return getattr(self._logins, name)

    def open(self, session: Session, token: SubjectToken) -> Any:
        refused = self._logins.refusal(token)
        if refused:
            return refused
        opened = self._logins.open_only(session, token)
        if isinstance(opened, Written):
            self._logins.use(session, token)
        return opened


class OpensWhateverHasEnded(FakeLogins):
    def open(self, session: Session, token: SubjectToken) -> Written | Lost[Session] | TokenUsed | LoginEnded:
        entries = dict(self.tables.blocklist)
        self.tables.blocklist = {key: row for key, row in entries.items() if not key.startswith("login_")}
        outcome = super().open(session, token)
        self.tables.blocklist |= entries
        return outcome


def granted_with_the_version_of_the_moment(user: User, token: SubjectToken, users: Any) -> User | None:
    def granted(row: User) -> User:
        return replace(row, scope=token.issuer.scope_after(row.scope, token.claims))

    return change_user(user.user_id, granted, users=users)


def refuses_nobody(_user: User, _token: SubjectToken) -> None:
    """Whoever was revoked before gets a session of the new version."""


class TakesTheLinkOver(FakeAccounts):
    def create(self, user: User, credential: Credential) -> bool:
        self.tables.credentials.pop(credential.username, None)
        return super().create(user, credential)
