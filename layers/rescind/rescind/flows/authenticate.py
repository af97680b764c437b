"""Who presents this token, and is it still good? For access tokens and for refresh tokens."""

from rescind.flows.stores import MacKeys, States, VerificationKeys
from rescind.reasons import Reason
from rescind.rules.access_tokens import AccessTokenClaims, InvalidTokenError, verify_access_token
from rescind.rules.refresh_tokens import RefreshToken, unverified_refresh_token, verify_refresh_token
from rescind.settings import Settings
from rescind.verdict import Allow, Refuse, has_expired, verdict


def authenticate(
    token: str | None, *, keys: VerificationKeys, states: States, settings: Settings, now: int
) -> Allow | Refuse:
    """The authorizer's question: read once, then decide.

    Raises:
        UnavailableError: the keys or the state could not be read, so nothing is decided.
    """
    claims = claims_or_refusal(token, keys=keys, settings=settings, now=now)
    if isinstance(claims, Refuse):
        return claims
    state = states.of_token(jti=claims.jti, user_id=claims.sub, session_id=claims.sid)
    return verdict(claims, state, now=now, leeway_seconds=settings.leeway_seconds)


def claims_or_refusal(
    token: str | None, *, keys: VerificationKeys, settings: Settings, now: int
) -> AccessTokenClaims | Refuse:
    """The claims of a token for which it is worth asking what was revoked.

    Raises:
        UnavailableError: the keys could not be read.
    """
    if token is None:
        return Refuse(Reason.NO_TOKEN)
    try:
        claims = authentic_claims(token, keys=keys, settings=settings, now=now)
    except InvalidTokenError as error:
        return Refuse(error.reason)
    # The verdict asks this too; asked here, a token that time has ended costs no read.
    if has_expired(claims, now=now, leeway_seconds=settings.leeway_seconds):
        return Refuse(Reason.EXPIRED, claims)
    return claims


def authentic_claims(
    token: str, *, keys: VerificationKeys, settings: Settings, now: int
) -> AccessTokenClaims:
    """The claims of an access token that we issued, whether it is still good or not.

    Raises:
        InvalidTokenError: it is none.
        UnavailableError: the keys could not be read.
    """
    return verify_access_token(
        token,
        keys=keys.verification_keys(now=now),
        issuer=settings.issuer,
        audience=settings.audience,
        now=now,
    )


def authentic_refresh_token(text: str, *, keys: MacKeys, now: int) -> RefreshToken:
    """A refresh token that we issued, whether it is still good or not. A forged one costs no read.

    Raises:
        InvalidTokenError: it is none.
        UnavailableError: the keys could not be read or opened.
    """
    key = keys.mac_key_of(unverified_refresh_token(text).key_id, now=now)
    if key is None:
        raise InvalidTokenError(Reason.UNKNOWN_KEY)
    return verify_refresh_token(text, key=key)
