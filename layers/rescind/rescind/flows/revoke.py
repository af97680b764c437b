"""One token or one session is taken back: by an admin, by its ids too; by whoever holds the token."""

from dataclasses import dataclass

from rescind.flows.authenticate import authentic_claims, authentic_refresh_token
from rescind.flows.end import Revoked, block_token
from rescind.flows.stores import Blocklist, ReadingKeys, Sessions, VerificationKeys
from rescind.rules.access_tokens import InvalidTokenError
from rescind.rules.refresh_tokens import unverified_refresh_token
from rescind.settings import Settings
from rescind.verdict import has_expired


@dataclass(frozen=True, slots=True)
class RevokedToken:
    """What was taken back, with its ids as far as they are known."""

    revoked: Revoked
    user_id: str | None = None
    session_id: str | None = None
    token_id: str | None = None


def revoke_token(
    token: str,
    *,
    reason: str,
    keys: VerificationKeys,
    sessions: Sessions,
    blocklist: Blocklist,
    settings: Settings,
    now: int,
) -> RevokedToken:
    """Block an access token, or end the session of a refresh token, for an admin; nothing when it is neither.

    Raises:
        UnavailableError: something could not be read or written.
    """
    try:
        # Unverified will do: an admin may end any session by its ids, and needs no mac key for it.
        refresh_token = unverified_refresh_token(token)
    except InvalidTokenError:
        pass
    else:
        return revoke_session(refresh_token.user_id, refresh_token.session_id, sessions=sessions, now=now)
    return _block(token, reason=reason, keys=keys, blocklist=blocklist, settings=settings, now=now)


def revoke_presented_token(
    token: str,
    *,
    keys: ReadingKeys,
    sessions: Sessions,
    blocklist: Blocklist,
    settings: Settings,
    now: int,
) -> RevokedToken:
    """The same for whoever holds the token (RFC 7009 section 2.1): to hold it is all that it takes.

    A refresh token that was used already ends its session too. One whose mac is wrong ends nobody's.

    Raises:
        UnavailableError: something could not be read or written. Repeating the request is safe.
    """
    try:
        refresh_token = authentic_refresh_token(token, keys=keys, now=now)
    except InvalidTokenError:
        return _block(token, reason="oauth", keys=keys, blocklist=blocklist, settings=settings, now=now)
    return revoke_session(refresh_token.user_id, refresh_token.session_id, sessions=sessions, now=now)


def revoke_token_id(token_id: str, *, reason: str, blocklist: Blocklist, now: int) -> RevokedToken:
    """Block an access token of which only the id is known.

    Raises:
        UnavailableError: it could not be written.
    """
    block_token(token_id, claims=None, reason=reason, blocklist=blocklist, now=now)
    return RevokedToken(Revoked.TOKEN, token_id=token_id)


def revoke_session(user_id: str, session_id: str, *, sessions: Sessions, now: int) -> RevokedToken:
    """End a session; nothing when it has ended.

    Raises:
        UnavailableError: it could not be written.
    """
    ended = sessions.end(user_id, session_id, now=now)
    return RevokedToken(Revoked.SESSION if ended else Revoked.NOTHING, user_id, session_id)


def _block(
    token: str,
    *,
    reason: str,
    keys: VerificationKeys,
    blocklist: Blocklist,
    settings: Settings,
    now: int,
) -> RevokedToken:
    """Block an access token that lives; nothing when it is none, or has expired."""
    try:
        claims = authentic_claims(token, keys=keys, settings=settings, now=now)
    except InvalidTokenError:
        return RevokedToken(Revoked.NOTHING)
    if has_expired(claims, now=now, leeway_seconds=settings.leeway_seconds):
        return RevokedToken(Revoked.NOTHING)
    block_token(claims.jti, claims=claims, reason=reason, blocklist=blocklist, now=now)
    return RevokedToken(Revoked.TOKEN, claims.sub, claims.sid, claims.jti)
