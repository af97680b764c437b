"""Logout: each credential that is presented ends its own session, or all of the user's where it may."""

from dataclasses import dataclass

from rescind.flows.authenticate import authentic_refresh_token, authenticate
from rescind.flows.end import Revoked, announce_again, block_token, end_everything
from rescind.flows.stores import Blocklist, MacKeys, ReadingKeys, Sessions, States, Users
from rescind.model import User
from rescind.rules.access_tokens import InvalidTokenError
from rescind.rules.refresh_tokens import RefreshToken
from rescind.rules.sessions import refusal
from rescind.settings import Settings
from rescind.verdict import Allow, Refuse


@dataclass(frozen=True, slots=True)
class LoggedOut:
    revoked: Revoked
    user_id: str | None = None
    session_ids: tuple[str, ...] = ()
    """Of the sessions that this request has ended one by one."""


@dataclass(frozen=True, slots=True)
class TwoUsers:
    """The two credentials are of two users, so it cannot be said who logs out."""


def logout(
    *,
    access_token: str | None,
    refresh_token: str | None,
    everywhere: bool,
    keys: ReadingKeys,
    states: States,
    sessions: Sessions,
    users: Users,
    blocklist: Blocklist,
    settings: Settings,
    now: int,
) -> LoggedOut | TwoUsers:
    """End what the credentials allow to end.

    A refresh token ends its session as long as its mac is right, even when it was used before. An access
    token does so while it is live, and is then blocklisted too. All sessions end for a live access token or
    for the current refresh token: a used one may be in the wrong hands.

    Raises:
        UnavailableError: something could not be read or written. Repeating the request is safe.
    """
    bearer = authenticate(access_token, keys=keys, states=states, settings=settings, now=now)
    token = _authentic(refresh_token, keys, now)
    if bearer.claims and token and bearer.claims.sub != token.user_id:
        return TwoUsers()

    live = bearer if isinstance(bearer, Allow) else None
    if isinstance(bearer, Refuse):
        announce_again(bearer, sessions=sessions, users=users, blocklist=blocklist, now=now)
    user = None
    if everywhere:
        user = live.user if live else _user_of_current(token, states, now)
        if user is None and token:
            # All may have ended before, by the first try of this very request.
            users.announce_end(token.user_id, now=now)

    # The session first: were the token blocked and this to fail, a retry could not say any more which it was.
    if user:
        end_everything(user, users=users, now=now)
        outcome = LoggedOut(Revoked.ALL_SESSIONS, user.user_id)
    else:
        lineages = {(token.user_id, token.session_id)} if token else set()
        if live:
            lineages.add((live.claims.sub, live.claims.sid))
        ended = [lineage for lineage in sorted(lineages) if sessions.end(*lineage, now=now)]
        outcome = _ended(ended)
    if live:
        block_token(live.claims.jti, claims=live.claims, reason="logout", blocklist=blocklist, now=now)
    return outcome


def _ended(lineages: list[tuple[str, str]]) -> LoggedOut:
    if not lineages:
        return LoggedOut(Revoked.NOTHING)
    return LoggedOut(Revoked.SESSION, lineages[0][0], tuple(session_id for _, session_id in lineages))


def _authentic(text: str | None, keys: MacKeys, now: int) -> RefreshToken | None:
    """The refresh token, when we made it: an unknown one is no error, there is just nothing to end."""
    try:
        return authentic_refresh_token(text, keys=keys, now=now) if text else None
    except InvalidTokenError:
        return None


def _user_of_current(token: RefreshToken | None, states: States, now: int) -> User | None:
    """The user, when the token is the current one of a live session."""
    if token is None:
        return None
    user, session = states.of_session(token.user_id, token.session_id)
    if refusal(user, session, now=now) or session is None or session.counter != token.counter:
        return None
    return user
