"""The exchange and the way back, slightly wrong: without one of their clauses, or with two steps swapped."""

from dataclasses import replace
from typing import Any

from rescind.flows.backchannel import end_login
from rescind.model import Credential, Session, TokenUsed, User, Written
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

    def open_only(self, session: Session, token: SubjectToken, *, granted: User | None, now: int) -> Written:
        opened = self.open(session, replace(token, digest=session.session_id), granted=granted, now=now)
        assert isinstance(opened, Written)
        return opened

    def use(self, session: Session, token: SubjectToken) -> None:
        self._note(f"used_{token.digest}", session.last_used_at, token.remembered_until, session.user_id)


class OpensInTwoSteps:
    def __init__(self, logins: Any) -> None:
        self._logins = logins

    def __getattr__(self, name: str) -> Any:
        return getattr(self._logins, name)

    def open(self, session: Session, token: SubjectToken, *, granted: User | None, now: int) -> Any:
        if isinstance(self._logins.refusal(token), TokenUsed):
            return TokenUsed()
        opened = self._logins.open_only(session, token, granted=granted, now=now)
        self._logins.use(session, token)
        return opened


def looks_no_more(*_: Any) -> bool:
    """Whether the login has ended while its session was opened, it does not ask."""
    return False


class GrantsWhateverTheRevision(FakeLogins):
    def open(
        self, session: Session, token: SubjectToken, *, granted: User | None, now: int
    ) -> Written | TokenUsed:
        row = self.tables.users.get(session.user_id)
        if granted is not None and row is not None:
            granted = replace(granted, revision=row.revision + 1)
        return super().open(session, token, granted=granted, now=now)


class WritesTheVersionOfTheMoment(FakeLogins):
    def open(
        self, session: Session, token: SubjectToken, *, granted: User | None, now: int
    ) -> Written | TokenUsed:
        row = self.tables.users[session.user_id]
        return super().open(replace(session, version=row.token_version), token, granted=granted, now=now)


class TakesTheLinkOver(FakeAccounts):
    def create(self, user: User, credential: Credential) -> bool:
        self.tables.credentials.pop(credential.username, None)
        return super().create(user, credential)
