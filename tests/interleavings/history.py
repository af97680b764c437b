"""What happened in a run, told from the rows that changed and the answers that were given."""

from dataclasses import dataclass
from functools import cached_property

from rescind.flows.end import Revoked
from rescind.flows.issue import Tokens
from rescind.flows.logout import LoggedOut
from rescind.flows.refresh import Replayed, Rotated, SessionEnded
from rescind.model import Credential, Session, Status, User
from tests.interleavings.explorer import Actor, Change, Run
from tests.interleavings.operations import Unavailable
from tests.interleavings.scenario import NETWORK
from tests.interleavings.world import BEARERS, COUNTER, OLD_PASSWORD, OWN, refresh_token
from tests.things import USER_ID, a_user


@dataclass(frozen=True)
class Handed:
    """What some client holds."""

    session: str
    access_token: str
    refresh_token: str


@dataclass(frozen=True)
class Opened:
    """A session's beginning."""

    row: Session
    at: int
    """Its place among the changes."""
    by: Actor | None


class History:
    def __init__(self, run: Run) -> None:
        self.run = run
        self.actors = run.actors
        self.changes = run.changes

    @cached_property
    def handed(self) -> list[Handed]:
        known = [
            Handed(each, BEARERS[each], refresh_token(each, COUNTER)) for each in self.run.scenario.sessions
        ]
        answered = [tokens for actor in self.actors for tokens in (*actor.handed, tokens_of(actor)) if tokens]
        known += [Handed(each.session_id, each.access_token, each.refresh_token) for each in answered]
        return known

    @cached_property
    def opened(self) -> dict[str, Opened]:
        first = {
            change.new.session_id: Opened(change.new, place, self._actor(change))
            for place, change in enumerate(self.changes)
            if isinstance(change.new, Session) and change.old is None
        }
        rows = self.run.tables.sessions
        initial = {each: Opened(rows[USER_ID, each], -1, None) for each in self.run.scenario.sessions}
        return {**first, **initial}

    def _actor(self, change: Change) -> Actor | None:
        return None if change.actor == NETWORK else self.actors[change.actor]

    @cached_property
    def user(self) -> User:
        return self.run.tables.users[USER_ID]

    @cached_property
    def password(self) -> str:
        return self.run.tables.credentials["ada"].password_hash

    def ended_all(self, actor: Actor) -> bool:
        """It answered that everything has ended."""
        match actor.outcome:
            case LoggedOut(Revoked.ALL_SESSIONS) | User() | Tokens():
                return actor.operation.ends_all
            case _:
                return False

    def ended_one(self, actor: Actor, session: str) -> bool:
        """It answered, whatever it said, and was to end this session; or it found it misused."""
        if isinstance(actor.outcome, SessionEnded):
            return actor.outcome.session_id == session
        return actor.operation.ends == session and not isinstance(actor.outcome, Unavailable)

    def ended_others(self, actor: Actor) -> bool:
        """It has ended a session that it had not opened."""
        ended = {
            change.old.session_id
            for change in self.changes
            if isinstance(change.old, Session) and change.new.revoked_at and self._actor(change) is actor
        }
        return any(self.opened[session].by is not actor for session in ended)

    def is_dead_by(self, session: str, *, changes: int, returned: list[Actor]) -> str | None:
        """Why the session must be dead once these changes are made and these operations have returned."""
        opened = self.opened[session]
        for change in self.changes[opened.at + 1 : changes]:
            if isinstance(change.new, User) and isinstance(change.old, User):
                if change.new.token_version > change.old.token_version:
                    return "the version has risen since"
                if change.new.status is Status.DISABLED:
                    return "the user was disabled since"
        for actor in returned:
            if self.ended_one(actor, session):
                return f"{actor.operation.name} has ended it"
            if actor is not opened.by and self.ended_all(actor) and opened.at < actor.began_at:
                return f"{actor.operation.name} has ended everything"
        return None

    def moments(self, actor: Actor) -> list[tuple[User, str]]:
        """The user and the password in force, at every moment while the operation ran."""
        user, password = a_user(), OLD_PASSWORD
        found = [(user, password)] if actor.began_at == 0 else []
        for place, change in enumerate(self.changes[: actor.returned_at], start=1):
            if isinstance(change.new, User):
                user = change.new
            if isinstance(change.new, Credential):
                password = change.new.password_hash
            if place >= actor.began_at:
                found.append((user, password))
        return found

    def overlapped(self, actor: Actor) -> bool:
        mine = self.actors.index(actor)
        return any(
            place not in (actor.after or ()) and mine not in (other.after or ())
            for place, other in enumerate(self.actors)
            if other is not actor
        )

    def before(self, actor: Actor) -> list[Actor]:
        """Who had returned when it began."""
        return [self.actors[place] for place in actor.after or ()]

    def rotation(self, counter: int) -> tuple[int, Actor] | None:
        """When the refresh token of this counter was used up, and by whom."""
        for place, change in enumerate(self.changes):
            old, new, actor = change.old, change.new, self._actor(change)
            if isinstance(old, Session) and (old.session_id, old.counter) == (OWN, counter):
                rotated = new.counter > counter
                if actor and rotated:
                    return place, actor
        return None


def tokens_of(actor: Actor) -> Tokens | None:
    match actor.outcome:
        case Tokens() as tokens:
            return tokens
        case Rotated(tokens) | Replayed(tokens):
            return tokens
        case _:
            return None
