"""Is this token still good? Its claims and the stored state in; allow, or the reason to refuse, out."""

from dataclasses import dataclass

from rescind.model import Session, Status, User
from rescind.reasons import Reason
from rescind.rules.access_tokens import AccessTokenClaims


@dataclass(frozen=True, slots=True)
class State:
    """What the tables say of one token: the authorizer's one read."""

    blocked: bool
    user: User | None
    session: Session | None


@dataclass(frozen=True, slots=True)
class Allow:
    claims: AccessTokenClaims
    user: User
    scope: str
    """The token's scope, cut down to what the user still has."""


@dataclass(frozen=True, slots=True)
class AllowByFeed:
    """By `verdict_by_feed`, which knows no more of the user."""

    claims: AccessTokenClaims
    scope: str


@dataclass(frozen=True, slots=True)
class Refuse:
    reason: Reason
    claims: AccessTokenClaims | None = None
    """Of an authentic token; a forged one says nothing worth writing down."""

    def ids(self) -> dict[str, str]:
        """For the log: whose token it was, as far as it is known."""
        claims = self.claims
        return {"user_id": claims.sub, "session_id": claims.sid, "token_id": claims.jti} if claims else {}


def verdict(claims: AccessTokenClaims, state: State, *, now: int, leeway_seconds: int) -> Allow | Refuse:
    """Put an authentic token to the five strategies that decide here; each refuses alone."""
    user, session = state.user, state.session

    # 1. Short expiry
    if has_expired(claims, now=now, leeway_seconds=leeway_seconds):
        return Refuse(Reason.EXPIRED, claims)

    # 2. Refresh tokens: the session that they renew ends, and its access tokens with it
    if session is None:
        return Refuse(Reason.SESSION_UNKNOWN, claims)
    if session.revoked_at is not None:
        return Refuse(Reason.SESSION_ENDED, claims)

    # 3. Blocklist
    if state.blocked:
        return Refuse(Reason.BLOCKLISTED, claims)

    # 4. Token version
    if user is None:
        return Refuse(Reason.USER_UNKNOWN, claims)
    if claims.ver != user.token_version:
        return Refuse(Reason.TOKEN_VERSION, claims)

    # 5. Logout time, and the flag
    if claims.iat < user.logged_out_at:
        return Refuse(Reason.LOGGED_OUT, claims)
    if user.status is not Status.ACTIVE:
        return Refuse(Reason.USER_DISABLED, claims)

    # 6. Client-side logout leaves nothing to send: web/cookies.py
    return Allow(claims, user, still_granted(claims.scope, user.scope))


def has_expired(claims: AccessTokenClaims, *, now: int, leeway_seconds: int) -> bool:
    """The token's last second is the one before `exp` (RFC 7519 section 4.1.4), plus the leeway."""
    return now >= claims.exp + leeway_seconds


def still_granted(scope: str, granted: str) -> str:
    """What of `scope` is in `granted`, in the order of `scope`: a scope taken away is gone at once."""
    kept = set(granted.split())
    return " ".join(name for name in scope.split() if name in kept)
