"""What a session hands out: an access token, and the refresh token of one counter."""

from dataclasses import dataclass, field

from rescind.flows.stores import SigningKeys
from rescind.model import Session, User
from rescind.reasons import Reason
from rescind.rules.access_tokens import AccessTokenClaims, sign_access_token
from rescind.rules.refresh_tokens import sign_refresh_token
from rescind.settings import Settings


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a client gets (RFC 6749 section 5.1). Lifetimes are in seconds from now."""

    user_id: str
    session_id: str
    access_token: str = field(repr=False)
    expires_in: int
    refresh_token: str = field(repr=False)
    refresh_expires_in: int
    scope: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing is handed out. The ids are of authentic tokens or known users, for the log."""

    reason: Reason
    user_id: str | None = None
    session_id: str | None = None


def issue_first_tokens(
    user: User, session: Session, *, keys: SigningKeys, settings: Settings, token_id: str, now: int
) -> Tokens:
    """The tokens of a session that is about to be opened; `issue_tokens` says what they depend on."""
    return issue_tokens(
        user,
        session,
        counter=session.counter,
        rotated_at=session.rotated_at,
        idle_expires_at=session.idle_expires_at,
        keys=keys,
        settings=settings,
        token_id=token_id,
        now=now,
    )


def issue_tokens(
    user: User,
    session: Session,
    *,
    counter: int,
    rotated_at: int,
    idle_expires_at: int,
    keys: SigningKeys,
    settings: Settings,
    token_id: str,
    now: int,
) -> Tokens:
    """Sign, and write nothing: nobody may see these before the session's row stands behind them.

    Args:
        user: gives the scope, and the logout time that the token must not be older than.
        session: gives the lineage: the version is the session's, never the user's of the moment.
        counter: of the refresh token.
        rotated_at: when that counter became the current one; it chooses the mac key, so that a token that is
            handed out again is the same, whatever keys came since.
        idle_expires_at: of the session once it stands at `counter`.
        keys: the keys to sign with.
        settings: lifetimes and names.
        token_id: the new access token's `jti`.
        now: epoch seconds at the start of this request.

    Raises:
        UnavailableError: a key could not be read or opened.
    """
    expires_at = min(now + settings.access_token_seconds, session.absolute_expires_at)
    claims = AccessTokenClaims(
        iss=settings.issuer,
        aud=settings.audience,
        sub=session.user_id,
        client_id=settings.client_id,
        # A login in the second of a logout, or on a host whose clock is behind, is after it all the same.
        iat=max(now, user.logged_out_at),
        exp=expires_at,
        jti=token_id,
        sid=session.session_id,
        ver=session.version,
        scope=user.scope,
        auth_time=session.created_at_ms // 1000,
    )
    mac_key = keys.mac_key(now=now, at=rotated_at)
    return Tokens(
        user_id=session.user_id,
        session_id=session.session_id,
        access_token=sign_access_token(claims, key=keys.signing_key(now=now)),
        expires_in=expires_at - now,
        refresh_token=sign_refresh_token(session.user_id, session.session_id, counter, key=mac_key),
        refresh_expires_in=min(idle_expires_at, session.absolute_expires_at) - now,
        scope=user.scope,
    )
