"""Which sessions must be dead in the end, which must live, and whether their tokens agree."""

from collections.abc import Iterator

from rescind.flows.password import Overtaken, WrongPassword
from rescind.model import Status
from rescind.rules.refresh_tokens import unverified_refresh_token
from tests.interleavings.explorer import Actor
from tests.interleavings.history import Handed, History
from tests.interleavings.operations import Unavailable
from tests.interleavings.probes import Probes
from tests.interleavings.world import COUNTER, OWN


def tokens_live_or_die(history: History, probes: Probes) -> Iterator[str]:
    for session in {each.session for each in history.handed}:
        handed = [each for each in history.handed if each.session == session]
        rule = _dies_whole if may_be_dead(history, session) else _lives
        dead = must_be_dead(history, session)
        yield from (f"{session}: {complaint}" for complaint in rule(handed, dead, probes))


def _dies_whole(handed: list[Handed], dead: str | None, probes: Probes) -> Iterator[str]:
    access = [probes.accepts_access(each.access_token) for each in handed]
    refresh = [probes.refresh(token) is not None for token in _by_age(handed)]
    if dead and any(access):
        yield f"{dead}, but an access token is accepted"
    if dead and (any(refresh) or probes.refresh(probes.used(handed[0].session))):
        yield f"{dead}, but a refresh token is accepted"
    if {*access, refresh[-1]} == {True, False}:
        yield "half dead, half alive"


def _lives(handed: list[Handed], _dead: str | None, probes: Probes) -> Iterator[str]:
    *used, newest = _by_age(handed)
    successor = probes.refresh(newest)
    if not all(probes.accepts_access(each.access_token) for each in handed):
        yield "nobody has ended it, but an access token is refused"
    if successor is None:
        yield "nobody has ended it, but its refresh token is refused"
    elif probes.refresh(successor.refresh_token, after=successor) is None:
        yield "the successor does not refresh"
    if any(probes.refresh(token, later=100) for token in used):
        yield "a token that was used long ago is accepted"


def _by_age(handed: list[Handed]) -> list[str]:
    tokens = {each.refresh_token for each in handed}
    return sorted(tokens, key=lambda token: unverified_refresh_token(token).counter)


def must_be_dead(history: History, session: str) -> str | None:
    opened = history.opened[session]
    if opened.row.version != history.user.token_version:
        return "it is of another version"
    if history.user.status is Status.DISABLED:
        return "the user is disabled"
    if opened.by and opened.by.operation.password != history.password:
        return "it was opened with a password that has been changed"
    return history.is_dead_by(session, changes=len(history.changes), returned=history.actors)


def may_be_dead(history: History, session: str, *, besides: Actor | None = None) -> bool:
    """Some operation (`besides` this one) may have ended it, and nothing has gone wrong."""
    opener = history.opened[session].by
    earlier = history.before(opener) if opener else []
    others = [actor for actor in history.actors if actor not in (opener, besides, *earlier)]
    if any(_may_end(history, actor, session) for actor in others):
        return True
    rivals = sum(actor.operation.password is not None and _took_a_place(history, actor) for actor in others)
    scenario = history.run.scenario
    if opener is None:
        rivals += len(scenario.sessions) - 1 - scenario.sessions.index(session)
    return rivals >= scenario.settings.max_sessions_per_user


def _took_a_place(history: History, actor: Actor) -> bool:
    """A login that fails gives its place back; others that run meanwhile may have made room for it before."""
    return (
        not isinstance(actor.outcome, Unavailable) or history.overlapped(actor) or history.ended_others(actor)
    )


def _may_end(history: History, actor: Actor, session: str) -> bool:
    operation = actor.operation
    ends_all = operation.ends_all and not isinstance(actor.outcome, Overtaken | WrongPassword)
    return operation.ends == session or ends_all or (session == OWN and misuses(history, actor))


def misuses(history: History, actor: Actor) -> bool:
    """It presents a refresh token that was used too long ago, by whatever clock, or twice over."""
    last = actor.operation.presents
    if last is None or last < COUNTER:
        return last is not None
    grace = history.run.scenario.settings.refresh_grace_seconds
    for counter in range(COUNTER, last + 1):
        same = [other.operation.at for other in history.actors if (other.operation.presents or 0) >= counter]
        if len(same) > 1 and (grace == 0 or max(same) - min(same) > grace + 10):
            return True
        used, again = history.rotation(counter), history.rotation(counter + 1)
        if used and again and actor not in (used[1], again[1]) and again[0] < (actor.returned_at or 0):
            return True
    return False
