"""Whether what each operation answered is true."""

from collections.abc import Iterator

from rescind.flows.end import Revoked
from rescind.flows.issue import Refused, Tokens
from rescind.flows.logout import LoggedOut
from rescind.flows.password import Overtaken, WrongPassword
from rescind.flows.refresh import Rotated, SessionEnded
from rescind.model import Status, User
from tests.interleavings.explorer import Actor
from tests.interleavings.history import History, tokens_of
from tests.interleavings.liveness import may_be_dead
from tests.interleavings.operations import Unavailable
from tests.interleavings.probes import Probes
from tests.interleavings.world import COUNTER, NEW_PASSWORD, OLD_PASSWORD, OWN, RESET_PASSWORD


def answers_are_true(history: History, probes: Probes) -> Iterator[str]:
    for actor in history.actors:
        rule = _of_a_password if actor.operation.password else _of_a_session
        for complaint in (*rule(history, actor, probes), *_of_any(history, actor)):
            yield f"{actor.operation.name}: {complaint}"


def _of_any(history: History, actor: Actor) -> Iterator[str]:
    tokens = tokens_of(actor)
    if tokens and tokens.session_id not in history.opened:
        yield "a session that is not there was answered"
    if isinstance(actor.outcome, Unavailable) and history.run.fault is None and not history.overlapped(actor):
        yield "it failed, and nothing was in its way"
    wanted = {"disable": Status.DISABLED, "enable": Status.ACTIVE}.get(actor.operation.name)
    later = [other for other in history.actors if other is not actor and other not in history.before(actor)]
    opposed = any(other.operation.name in ("disable", "enable") for other in later)
    if wanted and isinstance(actor.outcome, User) and not opposed and history.user.status is not wanted:
        yield f"the user is {history.user.status}"


def _of_a_password(history: History, actor: Actor, probes: Probes) -> Iterator[str]:
    moments = history.moments(actor)
    presented = OLD_PASSWORD if actor.operation.ends_all else actor.operation.password
    good = [user.status is Status.ACTIVE and password == presented for user, password in moments]
    match actor.outcome:
        case Tokens() if not any(good):
            yield "it was answered, but the user could at no moment log in so"
        case Refused() if all(good):
            yield "refused, but the user could log in at every moment"
        case WrongPassword() if all(password == presented for _, password in moments):
            yield "the password was right at every moment"
        case Overtaken() if _lives(history, probes):
            yield "the client was told that its session is dead, and it lives"
        case _:
            pass


def _of_a_session(history: History, actor: Actor, probes: Probes) -> Iterator[str]:
    match actor.outcome:
        case Refused() | SessionEnded() if _lives(history, probes):
            yield "the client was told that its session is dead, and it lives"
        case LoggedOut(Revoked.NOTHING):
            if not may_be_dead(history, OWN, besides=actor):
                yield "it says that there was nothing to end"
        case _:
            pass


def _lives(history: History, probes: Probes) -> bool:
    return any(probes.accepts_access(each.access_token) for each in history.handed if each.session == OWN)


def refreshes_agree(history: History, _probes: Probes) -> Iterator[str]:
    refreshes = [actor for actor in history.actors if actor.operation.presents is not None]
    for actor in refreshes:
        if tokens_of(actor):
            yield from (f"{actor.operation.name}: {complaint}" for complaint in _of_a_trade(history, actor))
    for counter in {actor.operation.presents for actor in refreshes}:
        same = [actor for actor in refreshes if actor.operation.presents == counter]
        if sum(isinstance(actor.outcome, Rotated) for actor in same) > 1:
            yield "one refresh token was rotated twice"
        if len({tokens.refresh_token for actor in same if (tokens := tokens_of(actor))}) > 1:
            yield "one refresh token has two successors"


def _of_a_trade(history: History, actor: Actor) -> Iterator[str]:
    presented = actor.operation.presents or 0
    dead = history.is_dead_by(OWN, changes=actor.began_at, returned=history.before(actor))
    if dead:
        yield f"tokens were handed out, and {dead}"
    if presented < COUNTER:
        yield "a token that was used long ago was traded in"
    used = history.rotation(presented)
    allowed = history.run.scenario.settings.refresh_grace_seconds + 10
    if used and used[0] < actor.began_at and actor.operation.at - used[1].operation.at > allowed:
        yield "a used token was traded in after the grace"


def passwords_are_in_force(history: History, probes: Probes) -> Iterator[str]:
    setters = [(password, actor.outcome) for actor in history.actors if (password := actor.operation.sets)]
    if history.user.status is not Status.ACTIVE or not setters:
        return
    done = {password for password, outcome in setters if isinstance(outcome, Tokens | User)}
    perhaps = {password for password, outcome in setters if isinstance(outcome, Unavailable)}
    if RESET_PASSWORD in done:
        # The user's own change needs a token that is dead after a reset, so it can only have come before.
        expected = {RESET_PASSWORD}
    elif done:
        expected = {NEW_PASSWORD} | (perhaps & {RESET_PASSWORD})
    else:
        expected = {OLD_PASSWORD} | perhaps
    everyone = (OLD_PASSWORD, NEW_PASSWORD, RESET_PASSWORD)
    works = {password for password in everyone if probes.logs_in(password)}
    if len(works) != 1 or not works <= expected:
        yield f"the passwords {sorted(works)} open a session"
