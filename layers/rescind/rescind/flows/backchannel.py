"""The way back: a login at another issuer has ended, and so do the sessions that it opened here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from rescind.flows.accounts import find_user
from rescind.flows.end import end_everything
from rescind.flows.issue import Refused
from rescind.flows.stores import Credentials, Logins, Sessions, Users
from rescind.rules.access_tokens import InvalidTokenError
from rescind.rules.issuer_tokens import IssuerKeys
from rescind.rules.logout_tokens import EndedLogin
from rescind.rules.sessions import is_live
from rescind.rules.trusted_issuers import TrustedIssuer, external_username


class Verify(Protocol):
    def __call__(
        self, text: str, *, issuers: Mapping[str, TrustedIssuer], keys: IssuerKeys, now: int
    ) -> EndedLogin | None: ...


@dataclass(frozen=True, slots=True)
class Ended:
    """What a logout has ended here: everything of a user, or sessions as (user id, session id)."""

    user_id: str | None = None
    sessions: tuple[tuple[str, str], ...] = ()


def end_login(
    text: str,
    *,
    verify: Verify,
    issuers: Mapping[str, TrustedIssuer],
    issuer_keys: IssuerKeys,
    credentials: Credentials,
    users: Users,
    logins: Logins,
    sessions: Sessions,
    now: int,
) -> Ended | Refused:
    """Let no token of the login open a session any more, then end those that it has opened.

    In this order, or an exchange between the two would slip through.

    Args:
        text: what the issuer has sent.
        verify: what it is to be, of `rules/logout_tokens.py`.
        issuers: who may say so, by name.
        issuer_keys: the keys of those issuers.
        credentials: where (issuer, sub) leads to a user.
        users: where the user is.
        logins: where it stands which sessions a login has opened.
        sessions: where those are.
        now: epoch seconds at the start of this request.

    Raises:
        UnavailableError: something could not be read or written. Repeating it is safe.
    """
    try:
        login = verify(text, issuers=issuers, keys=issuer_keys, now=now)
    except InvalidTokenError as error:
        return Refused(error.reason)
    if login is None:
        return Ended()
    for key in login.keys:
        logins.end(key, at=max(now, login.issued_at))
    if login.login is None and login.subject is not None:
        return _end_user(login, login.subject, credentials, users, now)
    ended = [
        (user_id, session_id)
        for user_id, session_id in _live_sessions(login, logins, sessions, now)
        if sessions.end(user_id, session_id, now=now)
    ]
    return Ended(sessions=tuple(ended))


def _live_sessions(login: EndedLogin, logins: Logins, sessions: Sessions, now: int) -> list[tuple[str, str]]:
    """A login may have opened many, one after the other, of which few still live."""
    opened = {each for key in login.keys for each in logins.sessions_of(key)}
    users = sorted({user_id for user_id, _ in opened})
    rows = [row for user_id in users for row in sessions.of_user(user_id) if is_live(row, now=now)]
    return [pair for row in rows if (pair := (row.user_id, row.session_id)) in opened]


def _end_user(login: EndedLogin, subject: str, credentials: Credentials, users: Users, now: int) -> Ended:
    username = external_username(login.issuer, subject)
    user = find_user(username, credentials=credentials, users=users)
    # Everything of before has been ended since, and what lives was opened by a token of after. So what comes
    # twice, or late, ends nothing twice.
    if user is None or user.logged_out_at >= login.issued_at:
        return Ended()
    end_everything(user, users=users, now=now)
    return Ended(user.user_id)
