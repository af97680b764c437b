"""Writes down which token or session was taken back, by whichever function it was."""

from rescind import audit
from rescind.flows.end import Revoked
from rescind.flows.revoke import RevokedToken

_EVENTS = {Revoked.TOKEN: audit.Event.TOKEN_REVOKED, Revoked.SESSION: audit.Event.SESSION_REVOKED}


def record(outcome: RevokedToken, *, actor: str | None = None) -> None:
    """Nothing where nothing was there to end; `actor` is who did it, if not the one who held it."""
    if outcome.revoked in _EVENTS:
        audit.record(
            _EVENTS[outcome.revoked],
            user_id=outcome.user_id,
            session_id=outcome.session_id,
            token_id=outcome.token_id,
            actor=actor,
        )
