"""The way back: a login at another issuer has ended, and so do the sessions that it opened here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from rescind.flows.issue import Refused
from rescind.flows.logins import Logins
from rescind.flows.stores import Sessions
from rescind.model import Session
from rescind.rules.access_tokens import InvalidTokenError
from rescind.rules.issuer_tokens import IssuerKeys
from rescind.rules.logout_tokens import EndedLogin
from rescind.rules.revocations import KEPT_SECONDS
from rescind.rules.sessions import is_live
from rescind.rules.trusted_issuers import TrustedIssuer


class Verify(Protocol):
    def __call__(
        self, text: str, *, issuers: Mapping[str, TrustedIssuer], keys: IssuerKeys, now: int
    ) -> EndedLogin | None: ...


@dataclass(frozen=True, slots=True)
class Ended:
    """The sessions that a logout has ended here, as (user id, session id)."""

    sessions: tuple[tuple[str, str], ...] = ()


def end_login(
    text: str,
    *,
    verify: Verify,
    issuers: Mapping[str, TrustedIssuer],
    issuer_keys: IssuerKeys,
    logins: Logins,
    sessions: Sessions,
    now: int,
) -> Ended | Refused:
    """Let no token of the login open a session any more, then end those that it has opened.

    In this order: an exchange looks whether the login has ended when its session is written. So whichever of
    the two comes second sees the other.

    Args:
        text: what the issuer has sent.
        verify: what it is to be, of `rules/logout_tokens.py`.
        issuers: who may say so, by name.
        issuer_keys: the keys of those issuers.
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
        logins.end(key, at=login.issued_at)
    ended = [
        (user_id, session_id)
        for user_id, session_id in _sessions(login, logins, sessions, now)
        if sessions.end(user_id, session_id, now=now)
    ]
    return Ended(sessions=tuple(ended))


def _sessions(login: EndedLogin, logins: Logins, sessions: Sessions, now: int) -> list[tuple[str, str]]:
    """Those of which an access token can live. A login may have opened many, one after the other.

    One that has ended a short while ago is among them: whoever ended it may have died, and to end it again
    announces it. Those that live come first: of the others there may be more than there is time for. What a
    token has opened that was issued later is another login's, however late the message comes.
    """
    opened = {each for key in login.keys for each in logins.sessions_of(key, until=login.issued_at)}
    users = sorted({user_id for user_id, _ in opened})
    rows = [row for user_id in users for row in sessions.of_user(user_id)]
    rows.sort(key=lambda row: row.revoked_at is not None)
    return [
        pair
        for row in rows
        if (pair := (row.user_id, row.session_id)) in opened
        and (is_live(row, now=now) or _ended_lately(row, now=now))
    ]


def _ended_lately(row: Session, *, now: int) -> bool:
    return row.revoked_at is not None and row.revoked_at > now - KEPT_SECONDS
