"""Is this token still good, as far as the feed has announced? The verdict of `RevocationCheck: feed`.

No row is read. So it knows of what was revoked only, and only while a token of before can live: a user or a
session of which nothing was announced is a good one. What disables a user or logs them out raises their
version too, so neither the flag nor a time is asked; time alone could not tell before from after.
"""

from rescind.reasons import Reason
from rescind.rules.access_tokens import AccessTokenClaims
from rescind.rules.remembered import Remembered
from rescind.verdict import AllowByFeed, Refuse, has_expired, still_granted


def verdict_by_feed(
    claims: AccessTokenClaims, remembered: Remembered, *, now: int, leeway_seconds: int
) -> AllowByFeed | Refuse:
    """Put an authentic token to what was announced; each refuses alone, with the reason of `verdict`."""
    if has_expired(claims, now=now, leeway_seconds=leeway_seconds):
        return Refuse(Reason.EXPIRED, claims)
    # Whenever it was issued: a refresh may have been under way.
    if remembered.has_ended(claims.sid):
        return Refuse(Reason.SESSION_ENDED, claims)
    if remembered.has_ended(claims.jti):
        return Refuse(Reason.BLOCKLISTED, claims)
    user = remembered.of_user(claims.sub)
    if user.is_gone:
        return Refuse(Reason.USER_UNKNOWN, claims)
    # Lower, and not another: the memory may be behind the token.
    if claims.ver < user.lowest_version:
        return Refuse(Reason.TOKEN_VERSION, claims)
    scope = claims.scope if user.scope is None else still_granted(claims.scope, user.scope)
    return AllowByFeed(claims, scope)
