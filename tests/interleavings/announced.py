"""What was taken back is announced: with the rows, and by the clock of whoever says so."""

from collections.abc import Iterator

from rescind.model import BlockedToken, Session, User
from rescind.rules.revocations import (
    Revocation,
    ScopeChanged,
    SessionEnded,
    TokenBlocked,
    TokensEnded,
    UserGone,
)
from tests.interleavings.explorer import Change
from tests.interleavings.history import History
from tests.interleavings.operations import Unavailable
from tests.interleavings.probes import Probes
from tests.things import NOW, USER_ID


def changes_are_announced(history: History, _probes: Probes) -> Iterator[str]:
    said = {what for _, what in history.run.tables.announced}
    tokens = {what.jti for what in said if isinstance(what, TokenBlocked)}
    for change in history.changes:
        missing = {what for what in _to_be_said(change) if what not in said}
        if missing or (isinstance(change.new, BlockedToken) and _is_ours(change.new) - tokens):
            yield f"a change of {type(change.new or change.old).__name__} is not announced"


def answers_are_announced(history: History, _probes: Probes) -> Iterator[str]:
    """By the clock of the request: whoever else wrote it may have died long before."""
    for actor in history.actors:
        if isinstance(actor.outcome, Unavailable) or actor.returned_at is None:
            continue
        now = NOW + actor.operation.at
        said = [what for at, what in history.run.tables.announced if at == now]
        for (user_id, session_id), row in history.run.tables.sessions.items():
            ended = history.ended_one(actor, session_id)
            if ended and not any(_ends(what, user_id, session_id, row.version) for what in said):
                yield f"{actor.operation.name} says that {session_id} has ended, and has not announced it"
        if history.ended_all(actor) and not any(isinstance(what, TokensEnded | UserGone) for what in said):
            yield f"{actor.operation.name} says that all have ended, and has not announced it"


def _to_be_said(change: Change) -> Iterator[Revocation]:
    match change.old, change.new:
        case Session(revoked_at=None), Session(user_id, session_id, revoked_at=int()):
            yield SessionEnded(user_id, session_id)
        case User(user_id), None:
            yield UserGone(user_id)
        case User() as old, User() as new:
            if new.token_version != old.token_version:
                yield TokensEnded(new.user_id, new.token_version, new.logged_out_at)
            if new.revision != old.revision:
                yield ScopeChanged(new.user_id, new.scope, new.revision)
        case _:
            pass


def _is_ours(blocked: BlockedToken) -> set[str]:
    """Its id, if it is of a token of ours, and not what is kept of another issuer's."""
    return {blocked.jti} if blocked.jti.startswith("tok_") else set()


def _ends(what: Revocation, user_id: str, session_id: str, version: int) -> bool:
    match what:
        case SessionEnded():
            return what == SessionEnded(user_id, session_id)
        case TokensEnded():
            return user_id == USER_ID and what.token_version > version
        case _:
            return isinstance(what, UserGone)
