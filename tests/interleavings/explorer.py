"""Runs operations step by step, in every order of their store calls.

Each operation is a greenlet that stops before every call of a store. A schedule says whose call comes next,
and what the network does to it. Every run starts from a fresh world and repeats its schedule's beginning, so
that a run depends on nothing but its schedule.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from greenlet import getcurrent, greenlet

from rescind.flows.issue import Tokens
from rescind.model import Lost, TokenUsed
from rescind.unavailable import UnavailableError
from tests.fakes import FakeKeyring, FakeTables
from tests.interleavings.operations import Operation
from tests.interleavings.scenario import NETWORK, Fault, Scenario, Step
from tests.interleavings.world import World
from tests.tables import Stores
from tests.things import NOW


@dataclass(frozen=True, slots=True)
class Change:
    """A row before and after a call."""

    actor: int
    key: str | tuple[str, str]
    old: Any
    new: Any


@dataclass(eq=False)
class Actor:
    """An operation on its way."""

    operation: Operation
    fiber: greenlet | None = None
    pending: Callable[[], Any] | None = None
    seen: tuple[Any, ...] = ()
    """The answers it had: with its arguments all that its further way depends on."""
    repeats: bool = False
    handed: list[Tokens] = field(default_factory=list)
    outcome: Any = None
    after: frozenset[int] | None = None
    """Who had returned when it began; None before that."""
    began_at: int = 0
    """How many changes there had been."""
    returned_at: int | None = None

    def key(self) -> tuple[Any, ...]:
        return self.seen, self.repeats, self.after, self.began_at, self.returned_at


class Doorway:
    """Stands before a store: whoever calls waits there until the schedule says that it is their turn."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._store, name)

        def wait_and_call(*args: Any, **kwargs: Any) -> Any:
            scheduler = getcurrent().parent
            assert scheduler is not None
            answer = scheduler.switch(lambda: method(*args, **kwargs))
            if isinstance(answer, UnavailableError):
                raise answer
            return answer

        return wait_and_call


def with_doorways(stores: Stores) -> Stores:
    return Stores(**{name: Doorway(store) for name, store in vars(stores).items()})


class Run:
    """One schedule, as far as it has come."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.tables = scenario.tables(*scenario.sessions)
        self.steps: tuple[Step, ...] = ()
        self.changes: list[Change] = []
        self.actors = [Actor(operation) for operation in scenario.operations]
        self.fault: Fault | None = None
        self._switches = 0
        self._copy: Callable[[], Any] | None = None
        self._copied_at: int | None = None
        """How many changes there were when the call that is to come again had been made."""
        self._rows = _rows(self.tables)
        build = scenario.build
        self._stores = build.around(with_doorways(build.stores(self.tables)))
        self._keys: Any = Doorway(FakeKeyring()) if scenario.keys_may_fail else FakeKeyring()
        self._start_whoever_may()

    def choices(self) -> list[Step]:
        """Every next step; none when all have returned."""
        waiting = sorted(self._unfinished())
        if self._switches == self.scenario.switches and self._last() in waiting:
            waiting = [self._last()]
        faults = self.scenario.faults if self.fault is None else ()
        steps = [Step(place) for place in waiting]
        if self._copy:
            steps.append(Step(NETWORK))
        return [*steps, *(Step(place, fault) for place in waiting for fault in faults)]

    def take(self, step: Step) -> bool:
        """Take a step; whether it says anything: a fault of a write needs a call that wrote."""
        self._switches += step.actor != self._last() and self._last() in self._unfinished()
        self.steps += (step,)
        if step.actor == NETWORK:
            assert self._copy
            self._call(self._copy, NETWORK)
            self._copy = self._copied_at = None
            return True
        actor = self.actors[step.actor]
        assert actor.pending
        call = actor.pending
        if actor.after is None:
            actor.after = frozenset(self._returned())
            actor.began_at = len(self.changes)
        self.fault = self.fault or step.fault
        if step.fault is Fault.REFUSED:
            self._answer(step.actor, UnavailableError("refused"))
            return True

        before = len(self.changes)
        answer = self._call(call, step.actor)
        if step.fault and len(self.changes) == before:
            return False
        match step.fault:
            case Fault.LOST:
                answer = UnavailableError("lost")
            case Fault.REPEATED:
                actor.repeats = True
                return True
            case Fault.COPIED:
                self._copy, self._copied_at = call, len(self.changes)
            case _:
                answer = _as_a_repeat(answer) if actor.repeats else answer
                actor.repeats = False
        self._answer(step.actor, answer)
        return True

    def key(self) -> tuple[Any, ...]:
        """All that the rest of the run, and the judgement of it, depend on."""
        return (
            tuple(self.changes),
            frozenset(self.tables.announced),
            *(actor.key() for actor in self.actors),
            self.fault,
            self._copied_at,
            (self._last(), self._switches) if self.scenario.switches is not None else None,
        )

    def stop(self) -> None:
        for actor in self.actors:
            if actor.fiber and not actor.fiber.dead:
                actor.fiber.throw()

    def _call(self, call: Callable[[], Any], place: int) -> Any:
        try:
            answer = call()
        except UnavailableError as error:
            answer = error
        rows = _rows(self.tables)
        for key, new in rows.items():
            old = self._rows.get(key)
            if new is not old and new != old:
                self.changes.append(Change(place, key, old, new))
        gone = sorted(self._rows.keys() - rows.keys(), key=str)
        self.changes.extend(Change(place, key, self._rows[key], None) for key in gone)
        self._rows = rows
        return answer

    def _answer(self, place: int, answer: Any) -> None:
        actor = self.actors[place]
        actor.seen += (_frozen(answer),)
        assert actor.fiber is not None
        self._came_to(actor, actor.fiber.switch(answer))
        self._start_whoever_may()

    def _start_whoever_may(self) -> None:
        returned = self._returned()
        for place, actor in enumerate(self.actors):
            if actor.fiber is None and returned.issuperset(actor.operation.after):
                letter = "abcdefgh"[place]
                world = World(
                    self._stores,
                    self._keys,
                    self.scenario.settings,
                    NOW + actor.operation.at,
                    letter,
                    self.scenario.build.attempt(letter),
                    actor.handed,
                )
                actor.fiber = greenlet(actor.operation.run)
                self._came_to(actor, actor.fiber.switch(world))

    def _came_to(self, actor: Actor, where: Any) -> None:
        """The operation stands before its next call, or has returned."""
        assert actor.fiber is not None
        if actor.fiber.dead:
            actor.pending, actor.outcome, actor.returned_at = None, where, len(self.changes)
        else:
            actor.pending = where

    def _last(self) -> int:
        return self.steps[-1].actor if self.steps else NETWORK

    def _unfinished(self) -> set[int]:
        return {place for place, actor in enumerate(self.actors) if actor.pending}

    def _returned(self) -> set[int]:
        return {place for place, actor in enumerate(self.actors) if actor.returned_at is not None}


def _rows(tables: FakeTables) -> dict[Any, Any]:
    return {**tables.credentials, **tables.users, **tables.sessions, **tables.blocklist}


def _as_a_repeat(answer: Any) -> Any:
    """What a write answers that the SDK has sent before, and that took effect then."""
    match answer:
        case Lost(row):
            return Lost(row, repeated=True)
        case TokenUsed():
            return UnavailableError("what stands in the way may be our own first try")
        case False:
            return True
        case _:
            return answer


def _frozen(answer: Any) -> Any:
    if isinstance(answer, UnavailableError):
        return "unavailable"
    return tuple(answer) if isinstance(answer, list | dict) else answer
