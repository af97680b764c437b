"""One cell of the matrix, a call of a function with a fault: it happens, and is held to the rules."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, auto
from itertools import count
from pathlib import Path
from typing import Any

from rescind.rules.refresh_tokens import unverified_refresh_token
from tests.faults import rows
from tests.faults.faults import FAULTS, Fault
from tests.faults.plan import Length
from tests.faults.scenarios import SCENARIOS, Scenario
from tests.faults.world import ADA, Answer, Event, Outcome, World, timeout_of
from tests.functions.conftest import recorded
from tests.test_template import FUNCTIONS, granted

UNAVAILABLE = 503
SECONDS = {"authorizer": 3.0}
CLAIMS_A_SUCCESS = {200, 201}

_IN_THE_TEMPLATE = {Path(each["CodeUri"]).name: name for name, each in FUNCTIONS.items()}

# Of each answer anew.
_VOLATILE = {
    "access_token",
    "refresh_token",
    "expires_in",
    "refresh_expires_in",
    "effective_by",
    "delay_seconds",
}
_ID = re.compile(r"\b(usr|ses|tok|mac)_[A-Za-z0-9_-]{22}|[A-Za-z0-9_-]{43}")
_A_TIME = 1_000_000


@dataclass(frozen=True)
class Cell:
    scenario: Scenario
    number: int
    """Of the call, counted from 0."""
    fault: str
    length: Length

    @property
    def id(self) -> str:
        call = self.scenario.calls[self.number].replace(" ", ".")
        return f"{self.scenario.id}-{self.number + 1}.{call}-{self.fault}-{self.length.value}"


class Told(IntEnum):
    """What the client was told; the last is the worst."""

    AS_EVER = auto()
    WHAT_IS_UNDONE = auto()
    UNAVAILABLE = auto()

    @property
    def words(self) -> str:
        return {1: "answered as ever", 2: "that say what is not done", 3: "answered 503"}[self]


def all_cells() -> Iterator[Cell]:
    """Every call of every scenario, with every fault that can happen to it."""
    for scenario in SCENARIOS:
        for number, call in enumerate(scenario.calls):
            operation = call.partition(" ")[0]
            for name, fault in FAULTS.items():
                if operation in fault.of:
                    yield from (Cell(scenario, number, name, length) for length in Length)
            if operation in rows.READS_ROWS:
                # It is the row that is so: the SDK sees a success.
                yield from (Cell(scenario, number, name, Length.THE_CALL) for name in rows.SPOILED)


def happens(world: World, cell: Cell) -> Told:
    """Let it happen, and hold all that follows to the rules.

    Raises:
        AssertionError: a rule was broken.
    """
    if cell.fault not in rows.SPOILED:
        return _happens(world, cell, FAULTS[cell.fault])
    told = {Told.AS_EVER}
    for number in count():
        spoiled = rows.SPOILED[cell.fault](number)
        answer = _happens(world, cell, spoiled.fault)
        if spoiled.attribute is None:
            break
        told.add(answer)
    return max(told)


def _happens(world: World, cell: Cell, fault: Fault) -> Told:
    scenario, without = cell.scenario, outcome_without(world, cell.scenario)
    # Where time is of the essence, it is the real one.
    world.plan.hasty = cell.fault == "silence" and scenario.function not in SECONDS
    event = _begun(world, scenario)
    world.plan.begin(fault, at=cell.number, length=cell.length)
    answer = world.invoke(scenario.function, event)
    met, used = world.plan.met, world.plan.used
    world.plan.begin()

    assert met, f"no call met the fault: {world.plan.calls}"
    # The reserve of deadline.py is for the answer; the authorizer's own is within three seconds.
    assert answer.seconds <= SECONDS.get(scenario.function, timeout_of(scenario.function) - 2)
    assert used <= granted(_IN_THE_TEMPLATE[scenario.function])
    # Never another no than without the fault, and never another yes.
    assert answer.status in {without.answer.status, UNAVAILABLE}, answer
    done = answer.status != UNAVAILABLE and not scenario.undone(answer.body)
    if answer.status == UNAVAILABLE:
        assert answer.headers["Retry-After"] == "1"
    elif done:
        assert _told(answer) == _told(without.answer)
        _hold_tokens(world, answer)
    _hold_state(world.state(), without, done=done)
    if not done:
        _ask_again(world, cell, event, without)
    _decided_anew(world, scenario, event, without)
    if done:
        return Told.AS_EVER
    return Told.UNAVAILABLE if answer.status == UNAVAILABLE else Told.WHAT_IS_UNDONE


def outcome_without(world: World, scenario: Scenario) -> Outcome:
    """What the function answers and leaves when nothing goes wrong."""
    if scenario.id not in world.without:
        event = _begun(world, scenario)
        before = world.state()
        world.plan.begin()
        answer = world.invoke(scenario.function, event)
        assert tuple(world.plan.calls) == scenario.calls, f"{scenario.id}: {world.plan.calls}"
        world.without[scenario.id] = Outcome(answer, before, world.state())
    return world.without[scenario.id]


def _begun(world: World, scenario: Scenario) -> Event:
    world.begin()
    return scenario.ask(world)


def _ask_again(world: World, cell: Cell, event: Event, without: Outcome) -> None:
    """As the contract tells the client that was told 503: it comes to the same."""
    again = world.invoke(cell.scenario.function, event)

    assert again.status in {without.answer.status, *cell.scenario.again}, again
    if again.status == without.answer.status:
        _hold_tokens(world, again)
    after = world.state()
    for part in cell.scenario.leaves if cell.length is Length.THE_REQUEST else ():
        assert set(after.pop(part)) >= set(without.after[part])
    assert {**without.after, **after} == without.after


def _hold_tokens(world: World, answer: Answer) -> None:
    """What is handed out is in the tables, and good."""
    if not isinstance(answer.body, dict) or "access_token" not in answer.body:
        return
    asked = recorded(
        "authorizer-rest-request", headers={"Authorization": f"Bearer {answer.body['access_token']}"}
    )
    assert world.invoke("authorizer", asked).status == 200
    token = unverified_refresh_token(answer.body["refresh_token"])
    assert world.counter(token.user_id, token.session_id) == token.counter


def _hold_state(state: dict[str, Any], without: Outcome, *, done: bool) -> None:
    """Nothing else has happened than would have without a fault; and all of it, if the answer says so."""
    if done:
        assert state == without.after
        return
    before, after = without.before, without.after
    # Nobody is logged out, or locked out, who would not have been.
    assert set(state["live sessions"]) >= set(before["live sessions"]) & set(after["live sessions"])
    assert set(state["can log in"]) >= set(before["can log in"]) & set(after["can log in"])
    # Of several writes that belong together, none is seen alone.
    assert {user.split()[0] for user in state["users"]} == state["passwords"].keys()
    for name in before["passwords"].keys() & state["passwords"].keys():
        assert state["passwords"][name] in {before["passwords"][name], after["passwords"].get(name)}
    for name in before["passwords"].keys() & after["passwords"].keys():
        assert name in state["passwords"]


def _decided_anew(world: World, scenario: Scenario, event: Event, without: Outcome) -> None:
    """The authorizer keeps nothing of what it decided during the fault."""
    if scenario.function != "authorizer":
        return
    assert world.invoke("authorizer", event).status == without.answer.status
    for session in world.stores.sessions.of_user(ADA):
        world.stores.sessions.end(ADA, session.session_id, now=1)
    assert world.invoke("authorizer", event).status == 401


def _told(answer: Answer) -> Any:
    """The body, but for what is new in each answer."""
    return json.loads(_ID.sub(r"\1", json.dumps(answer.body)), object_hook=_without_the_volatile)


def _without_the_volatile(members: dict[str, Any]) -> dict[str, Any]:
    return {
        name: "a time" if isinstance(value, int | float) and value > _A_TIME else value
        for name, value in members.items()
        if name not in _VOLATILE
    }
