"""What must be true once every operation has returned. Each rule is a generator of complaints."""

from collections.abc import Iterator
from dataclasses import dataclass

from rescind.model import Session, User
from tests.interleavings.announced import answers_are_announced, changes_are_announced
from tests.interleavings.answers import answers_are_true, passwords_are_in_force, refreshes_agree
from tests.interleavings.explorer import Actor, Run
from tests.interleavings.history import History
from tests.interleavings.liveness import tokens_live_or_die
from tests.interleavings.probes import Probes
from tests.interleavings.scenario import NETWORK
from tests.things import a_user


@dataclass(frozen=True)
class Verdict:
    complaints: tuple[str, ...]
    answers: tuple[str, ...]
    """What each operation answered, without times and ids."""
    live: frozenset[str]
    """The sessions whose tokens are accepted."""
    steps: tuple[str, ...]


def judge(run: Run) -> Verdict:
    history, probes = History(run), Probes(run)
    rules = (
        tokens_live_or_die,
        answers_are_true,
        refreshes_agree,
        passwords_are_in_force,
        rows_only_move_on,
        changes_are_made_once,
        sessions_keep_to_the_limit,
        changes_are_announced,
        answers_are_announced,
    )
    return Verdict(
        complaints=tuple(complaint for rule in rules for complaint in rule(history, probes)),
        answers=tuple(said(actor) for actor in run.actors),
        live=frozenset(each.session for each in history.handed if probes.accepts_access(each.access_token)),
        steps=steps(run),
    )


def rows_only_move_on(history: History, _probes: Probes) -> Iterator[str]:
    for change in history.changes:
        match change.old, change.new:
            case Session(revoked_at=int()), Session():
                yield "something happened to a session that had ended"
            case Session(counter=old), Session(counter=new, revoked_at=None) if new != old + 1:
                yield f"a session went from the counter {old} to {new}"
            case User(token_version=old), User(token_version=new) if new < old:
                yield "a user's version fell"
            case User(revision=old), User(revision=new) if new not in (old, old + 1):
                yield f"a user went from the revision {old} to {new}"
            case _:
                pass


def changes_are_made_once(history: History, _probes: Probes) -> Iterator[str]:
    """And what nobody has changed since is there."""
    changed_by = [
        change.actor
        for change in history.changes
        if isinstance(change.new, User) and change.new.revision != change.old.revision
    ]
    if NETWORK in changed_by:
        yield "a late copy has changed the user"
    changes = [history.actors[place].operation for place in changed_by if place != NETWORK]
    for actor in history.actors:
        operation = actor.operation
        times = sum(change is operation for change in changes)
        alike = sum(other.operation is operation for other in history.actors)
        if times > alike:
            yield f"{operation.name} was made more often than it was asked for"
        if isinstance(actor.outcome, User) and (operation.scope or operation.claims) and not times:
            yield f"{operation.name} says that it is done, and nothing has changed"
    for name in ("scope", "claims"):
        given = [value for change in changes if (value := getattr(change, name)) is not None]
        last = given[-1] if given else getattr(a_user(), name)
        if getattr(history.user, name) != last:
            yield f"a change of {name} is lost"


def sessions_keep_to_the_limit(history: History, probes: Probes) -> Iterator[str]:
    logins = [actor for actor in history.actors if actor.operation.password and not actor.operation.ends_all]
    if not logins:
        return
    live = len(probes.live_sessions())
    limit = history.run.scenario.settings.max_sessions_per_user
    if live > limit:
        yield f"{live} sessions live, and the limit is {limit}"


def said(actor: Actor) -> str:
    revoked = getattr(actor.outcome, "revoked", "")
    return f"{type(actor.outcome).__name__} {revoked}".strip()


def steps(run: Run) -> tuple[str, ...]:
    """The schedule, to be read: who was let through, and what the network did."""
    names = {place: f"{actor.operation.name} {place}" for place, actor in enumerate(run.actors)}
    names[NETWORK] = "the copy"
    return tuple(f"{names[step.actor]}{f' ({step.fault})' if step.fault else ''}" for step in run.steps)
