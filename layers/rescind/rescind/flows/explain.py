"""Why is this token refused, or is it not? It reads what decides, and writes nothing."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from rescind.flows.authenticate import authentic_claims
from rescind.flows.checks import Check, Shown, checks_of_access_token, checks_of_refresh_token
from rescind.flows.stores import Blocklist, KeySetReader, States, VerificationKeys
from rescind.model import BlockedToken
from rescind.reasons import Reason
from rescind.rules.access_tokens import AccessTokenClaims, InvalidTokenError
from rescind.rules.key_set import KeySet, Purpose, verifiers
from rescind.rules.key_states import standing_of
from rescind.rules.refresh_tokens import RefreshToken, unverified_refresh_token
from rescind.rules.sessions import (
    EndSession,
    RefreshDecision,
    Refuse,
    Replay,
    Rotate,
    TryAgain,
    decide_refresh,
)
from rescind.rules.unverified import unverified_access_token
from rescind.settings import Settings
from rescind.unavailable import UnavailableError
from rescind.verdict import Allow, State, still_granted, verdict


class Kind(StrEnum):
    ACCESS = "access"
    REFRESH = "refresh"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """What a refresh token would lead to, if its mac is right."""

    ROTATE = "rotate"
    REPLAY = "replay"
    END_SESSION = "end_session"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Explanation:
    kind: Kind
    authentic: bool | None
    """None for a refresh token: this function may not open the key of its mac."""
    claims: Mapping[str, Shown]
    """Of an authentic token; otherwise unverified, and there to be looked at."""
    checks: tuple[Check, ...]
    reason: Reason | None
    """Why it is refused; None when it is not."""
    scope: Mapping[str, str] | None = None
    """Claimed, stored and granted, of an authentic token whose user is there."""
    outcome: Outcome | None = None
    user_id: str | None = None
    """This and the next two for the log: of an authentic token, or of rows that are there."""
    session_id: str | None = None
    token_id: str | None = None


def explain(
    token: str,
    *,
    keys: VerificationKeys,
    key_sets: KeySetReader,
    states: States,
    blocklist: Blocklist,
    settings: Settings,
    now: int,
) -> Explanation:
    """Everything that decides on this text, in the order in which it does.

    Raises:
        UnavailableError: something could not be read.
    """
    try:
        refresh_token = unverified_refresh_token(token)
    except InvalidTokenError:
        pass
    else:
        return _of_refresh_token(refresh_token, key_sets.read(Purpose.REFRESH_TOKEN), states, settings, now)

    said = unverified_access_token(token)
    kid = said.header.get("kid") if said else None
    key = _key(str(kid), key_sets.read(Purpose.ACCESS_TOKEN), now=now) if kid else None
    try:
        claims = authentic_claims(token, keys=keys, settings=settings, now=now)
    except InvalidTokenError as error:
        if error.reason is Reason.WRONG_CLAIMS:
            key = {**(key or {}), "iss": settings.issuer, "aud": settings.audience}
        return Explanation(
            Kind.ACCESS if said else Kind.UNKNOWN,
            authentic=False,
            claims={**said.header, **said.claims} if said else {},
            checks=(Check("authentic", passes=False, reason=error.reason, claimed=kid, stored=key),),
            reason=error.reason,
        )
    authentic = Check("authentic", passes=True, reason=Reason.BAD_SIGNATURE, claimed=kid, stored=key)
    state = states.of_token(jti=claims.jti, user_id=claims.sub, session_id=claims.sid)
    blocked = blocklist.read(claims.jti) if state.blocked else None
    return _of_authentic(authentic, claims, state, blocked, settings=settings, now=now)


def _of_authentic(
    authentic: Check,
    claims: AccessTokenClaims,
    state: State,
    blocked: BlockedToken | None,
    *,
    settings: Settings,
    now: int,
) -> Explanation:
    leeway_seconds = settings.leeway_seconds
    decision = verdict(claims, state, now=now, leeway_seconds=leeway_seconds)
    scope = None
    if state.user:
        granted = still_granted(claims.scope, state.user.scope)
        scope = {"claimed": claims.scope, "stored": state.user.scope, "granted": granted}
    return Explanation(
        Kind.ACCESS,
        authentic=True,
        claims=asdict(claims),
        checks=(
            authentic,
            *checks_of_access_token(claims, state, blocked, now=now, leeway_seconds=leeway_seconds),
        ),
        reason=None if isinstance(decision, Allow) else decision.reason,
        scope=scope,
        user_id=claims.sub,
        session_id=claims.sid,
        token_id=claims.jti,
    )


def _of_refresh_token(
    token: RefreshToken, key_set: KeySet, states: States, settings: Settings, now: int
) -> Explanation:
    user, session = states.of_session(token.user_id, token.session_id)
    grace_seconds = settings.refresh_grace_seconds
    decision = decide_refresh(
        user,
        session,
        presented=token.counter,
        attempt="",  # of no request: nothing is written
        grace_seconds=grace_seconds,
        now=now,
    )
    verifies = token.key_id in {entry.key_id for entry in verifiers(key_set, now=now)}
    outcome, reason = _outcome(decision) if verifies else (Outcome.REFUSE, Reason.UNKNOWN_KEY)
    return Explanation(
        Kind.REFRESH,
        authentic=None,
        claims=asdict(token),
        checks=(
            Check("key", verifies, Reason.UNKNOWN_KEY, token.key_id, _key(token.key_id, key_set, now=now)),
            *checks_of_refresh_token(token, user, session, grace_seconds=grace_seconds, now=now),
        ),
        reason=reason,
        outcome=outcome,
        user_id=user.user_id if user else None,
        session_id=session.session_id if session else None,
    )


def _outcome(decision: RefreshDecision) -> tuple[Outcome, Reason | None]:
    match decision:
        case Rotate():
            return Outcome.ROTATE, None
        case Replay():
            return Outcome.REPLAY, None
        case EndSession(reason):
            return Outcome.END_SESSION, reason
        case Refuse(reason):
            return Outcome.REFUSE, reason
        case TryAgain():
            raise UnavailableError("only who has written is told to try again")


def _key(key_id: str, key_set: KeySet, *, now: int) -> Mapping[str, str | int] | None:
    """How the key of this id stands; None where the set has none."""
    standing = standing_of(key_id, key_set, now=now)
    if standing is None:
        return None
    revoked_at = standing.entry.revoked_at
    return {"state": standing.state.value, **({"revoked_at": revoked_at} if revoked_at is not None else {})}
