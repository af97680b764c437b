"""Who presents this access token, and is it good, by what was announced? For `RevocationCheck: feed`."""

from rescind.flows.authenticate import claims_or_refusal
from rescind.flows.stores import Revocations, VerificationKeys
from rescind.settings import Settings
from rescind.verdict import AllowByFeed, Refuse
from rescind.verdict_by_feed import verdict_by_feed


def authenticate_by_feed(
    token: str | None, *, keys: VerificationKeys, revocations: Revocations, settings: Settings, now: int
) -> AllowByFeed | Refuse:
    """The authorizer's question, as `authenticate` answers it, but from memory.

    Raises:
        UnavailableError: the keys, or what is new of the feed, could not be read, so nothing is decided.
    """
    claims = claims_or_refusal(token, keys=keys, settings=settings, now=now)
    if isinstance(claims, Refuse):
        return claims
    remembered = revocations.remembered(now=now)
    return verdict_by_feed(claims, remembered, now=now, leeway_seconds=settings.leeway_seconds)
