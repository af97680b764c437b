"""What must be true once exchanges, and what ended their user, have returned. Each rule yields complaints."""

from collections.abc import Iterator

from rescind.flows.backchannel import Ended
from rescind.flows.end import Revoked
from rescind.flows.issue import Refused, Tokens
from rescind.flows.logout import LoggedOut
from rescind.model import Session, User
from rescind.reasons import Reason
from rescind.rules.trusted_issuers import external_username
from tests.interleavings.announced import changes_are_announced
from tests.interleavings.exchanges import NEW_SUBJECT, REPORTS, Exchange, IssuerLogout, verified
from tests.interleavings.explorer import Actor, Run
from tests.interleavings.history import Handed, History
from tests.interleavings.operations import GRANT, Unavailable
from tests.interleavings.oracle import Verdict, said, steps
from tests.interleavings.probes import Probes
from tests.issuers import ISSUER
from tests.things import USER_ID


def judge(run: Run) -> Verdict:
    history, probes = History(run), Probes(run)
    rules = (
        what_has_ended_is_dead,
        what_nobody_ends_lives,
        a_token_opens_one_session,
        refusals_have_their_reason,
        a_new_user_is_one,
        no_change_of_scope_is_lost,
        changes_are_announced,
    )
    return Verdict(
        complaints=tuple(complaint for rule in rules for complaint in rule(history, probes)),
        answers=tuple(said(actor) for actor in run.actors),
        live=frozenset(each.session for each in history.handed if probes.accepts_access(each.access_token)),
        steps=steps(run),
    )


def what_has_ended_is_dead(history: History, probes: Probes) -> Iterator[str]:
    """Every token here was issued before every end, so whatever came first, nothing outlives it."""
    for ending in filter(_has_ended, history.actors):
        for each in history.handed:
            if _is_to_end(ending, each.session, history) and _is_good(each, probes):
                yield f"{ending.operation.name} says that it is done, and {each.session} lives"
        for row in history.run.tables.sessions.values():
            opened = history.opened[row.session_id]
            if opened.by and _is_to_end(ending, row.session_id, history) and _is_live(row, history):
                yield f"{ending.operation.name} is done, and has left a session that nobody holds"


def what_nobody_ends_lives(history: History, probes: Probes) -> Iterator[str]:
    for each in history.handed:
        endings = [actor for actor in history.actors if _may_end(actor, each.session, history)]
        newest = max(
            (other for other in history.handed if other.session == each.session),
            key=lambda held: int(held.refresh_token.split(".")[-2]),
        )
        if not endings and not (probes.accepts_access(each.access_token) and _is_good(newest, probes)):
            yield f"nobody has ended {each.session}, and it is dead"
    for actor in history.actors:
        is_in_the_way = isinstance(actor.operation, Exchange) and _others_changed_the_user(history, actor)
        if isinstance(actor.outcome, Unavailable) and history.run.fault is None and not is_in_the_way:
            yield f"{actor.operation.name} failed, and nothing was in its way"


def a_token_opens_one_session(history: History, _probes: Probes) -> Iterator[str]:
    exchanges = [actor for actor in history.actors if isinstance(actor.operation, Exchange)]
    for token in {_token(actor) for actor in exchanges}:
        same = [actor for actor in exchanges if _token(actor) == token]
        opened = [each for each in history.opened.values() if each.by in same]
        if len(opened) > 1:
            yield "one token has opened two sessions"
        if sum(isinstance(actor.outcome, Tokens) for actor in same) > 1:
            yield "one token was answered twice"


def refusals_have_their_reason(history: History, _probes: Probes) -> Iterator[str]:
    for actor in history.actors:
        if not (isinstance(actor.operation, Exchange) and isinstance(actor.outcome, Refused)):
            continue
        match actor.outcome.reason:
            case Reason.REPLAYED:
                if not any(
                    isinstance(other.operation, Exchange) and _token(other) == _token(actor)
                    for other in history.actors
                    if other is not actor
                ):
                    yield "refused as used, and nobody else has shown it"
            case _:
                others = [other for other in history.actors if other is not actor]
                if not any(other.operation.ends_all or other.operation.ends for other in others):
                    yield f"refused as {actor.outcome.reason}, and nobody has ended anything"
    if history.run.fault is None and not any(_ends(actor) for actor in history.actors):
        for actor in history.actors:
            if (
                isinstance(actor.operation, Exchange)
                and not any(
                    isinstance(other.outcome, Tokens)
                    for other in history.actors
                    if isinstance(other.operation, Exchange) and _token(other) == _token(actor)
                )
                and not isinstance(actor.outcome, Unavailable)
            ):
                yield "nobody was given a session for the token"


def a_new_user_is_one(history: History, _probes: Probes) -> Iterator[str]:
    tables = history.run.tables
    username = external_username(ISSUER, NEW_SUBJECT)
    new = {user.user_id for user in tables.users.values() if user.username == username}
    opened = {
        each.row.user_id
        for each in history.opened.values()
        if each.by and verified(_token(each.by)).subject == NEW_SUBJECT
    }
    if len(new) > 1 or not opened <= new:
        yield "one user of the issuer is two users here"


def no_change_of_scope_is_lost(history: History, _probes: Probes) -> Iterator[str]:
    by_admin = [actor for actor in history.actors if actor.operation is GRANT]
    user = history.run.tables.users.get(USER_ID)
    if by_admin and isinstance(by_admin[0].outcome, User) and user:
        scope = by_admin[0].operation.scope
        if user.scope not in (scope, f"{scope} {REPORTS}"):
            yield f"the admin granted {scope}, and the user has {user.scope}"


def _others_changed_the_user(history: History, actor: Actor) -> bool:
    """What a token grants is decided on the user as read: who is told 503 shows the token once more."""
    mine = history.actors.index(actor)
    return any(
        change.actor != mine and (change.new is None or change.old.revision != change.new.revision)
        for change in history.changes
        if isinstance(change.old, User)
    )


def _token(actor: Actor) -> str:
    assert isinstance(actor.operation, Exchange)
    return actor.operation.token


def _ends(actor: Actor) -> bool:
    return actor.operation.ends_all or actor.operation.ends is not None


def _has_ended(actor: Actor) -> bool:
    match actor.outcome:
        case Ended() | User() | LoggedOut(Revoked.ALL_SESSIONS) | True:
            return _ends(actor)
        case _:
            return False


def _may_end(actor: Actor, session: str, history: History) -> bool:
    return _ends(actor) and _is_to_end(actor, session, history)


def _is_to_end(ending: Actor, session: str, history: History) -> bool:
    opened, operation = history.opened[session], ending.operation
    if opened.row.user_id != USER_ID:
        return False
    if operation.ends_all:
        return True
    if opened.by is None:
        return operation.ends == session
    return isinstance(operation, IssuerLogout) and _token(opened.by) in operation.ends_tokens


def _is_good(each: Handed, probes: Probes) -> bool:
    return probes.accepts_access(each.access_token) or probes.refresh(each.refresh_token) is not None


def _is_live(row: Session, history: History) -> bool:
    user = history.run.tables.users.get(row.user_id)
    return user is not None and row.revoked_at is None and row.version == user.token_version
