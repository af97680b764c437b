"""Lets one cell of the matrix happen, and holds all that follows to the rules of docs/faults.md."""

import json
import re
from dataclasses import replace
from itertools import count
from typing import Any

from rescind.rules.refresh_tokens import unverified_refresh_token
from tests import requests
from tests.faults.cells import Cell, Told
from tests.faults.faults import FAULTS, Fault, Length
from tests.faults.permissions import Permission, grants
from tests.faults.rows import SPOILED, Spoiled
from tests.faults.scenarios import Scenario
from tests.faults.state import State
from tests.faults.world import ADA, Outcome, World
from tests.requests import Answer, Call
from tests.sandbox import timeout_of
from tests.template import NAMES

UNAVAILABLE = 503
ANSWERS_WITHIN_SECONDS = {"authorizer": 3.0}

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


def check(world: World, cell: Cell) -> Told:
    """What the client was told: the worst of it, where one attribute after the other is spoiled.

    Raises:
        AssertionError: a rule was broken.
    """
    if cell.fault not in SPOILED:
        return check_with(world, cell, FAULTS[cell.fault])
    told = [Told.AS_EVER]
    for number in count():
        spoiled = Spoiled(cell.fault, number)
        answer = check_with(world, cell, spoiled.fault)
        if spoiled.attribute is None:
            break
        told.append(answer)
    return max(told, key=[*Told].index)


def outcome_without(world: World, scenario: Scenario) -> Outcome:
    """What the function answers and leaves when nothing goes wrong."""
    if scenario.id not in world.outcomes:
        call = scenario.begin(world)
        before = world.state()
        world.aws.begin()
        answer = world.ask(call)
        used = frozenset(world.aws.used)
        world.outcomes[scenario.id] = Outcome(answer, tuple(world.aws.calls), before, world.state(), used)
    return world.outcomes[scenario.id]


def check_with(world: World, cell: Cell, fault: Fault) -> Told:
    """The same, of one fault, whatever the cell calls it."""
    scenario, without = cell.scenario, outcome_without(world, cell.scenario)
    in_real_time = fault.depends_on_time and scenario.in_real_time
    call = scenario.begin(world, hasty=fault.depends_on_time and not in_real_time)
    world.aws.begin(fault, at=cell.number, length=cell.length)
    world.aws.takes_time = in_real_time
    answer = world.ask(call)
    world.aws.takes_time = False
    met, calls, used = world.aws.met, world.aws.calls, world.aws.used
    world.aws.begin()

    assert met, f"no call met the fault: {calls}"
    if cell.length is Length.THE_CALL and not fault.tried_again:
        assert met == 1, "the SDK has tried again"
    in_time = ANSWERS_WITHIN_SECONDS.get(scenario.function, timeout_of(scenario.function))
    assert answer.ended - answer.began <= in_time, f"answered later than after {in_time} s"
    check_permissions(scenario, used)
    # Never another no than without the fault, and never another yes.
    expected = without.answer.status
    assert answer.status in {expected, UNAVAILABLE}, f"answered {answer.status} in place of {expected}"
    done = answer.status != UNAVAILABLE and not scenario.undone(answer.body)
    if answer.status == UNAVAILABLE:
        assert answer.headers["Retry-After"] == "1", "a client is not told when to ask again"
    elif done:
        assert _comparable(answer) == _comparable(without.answer), "answered something else than ever"
        check_tokens(world, answer)
    state = world.state()
    check_state(state, without, done=done)
    if not done and cell.is_behind_its_use and cell.length is Length.THE_CALL:
        assert not scenario.may_end & {*state.live_sessions}, "a session is left that nobody holds"
    may_have_been_done = fault.takes_effect and cell.length is Length.THE_REQUEST
    assert done or not (fault.takes_effect and cell.is_looked_up), "nobody has looked what the write came to"
    may_have_been_done |= cell.is_behind_its_use
    good = answer if done else check_asking_again(world, cell, call, without, maybe=may_have_been_done)
    if not may_have_been_done and not scenario.in_parts:
        assert _comparable(good) == _comparable(without.answer), "asked again, it says something else"
    check_refresh_token(world, good)
    check_what_is_kept(world, call, without)
    if done:
        return Told.AS_EVER
    return Told.UNAVAILABLE if answer.status == UNAVAILABLE else Told.WHAT_IS_UNDONE


def check_permissions(scenario: Scenario, used: set[Permission]) -> None:
    """IAM allows each of the calls; no emulator here asks it."""
    may = list(grants(NAMES[scenario.function], by_the_feed=scenario.by_the_feed))
    unallowed = {asked for asked in used if not any(grant.allows(asked) for grant in may)}
    assert not unallowed, f"a call that the policy does not allow: {unallowed}"


def check_asking_again(world: World, cell: Cell, call: Call, without: Outcome, *, maybe: bool) -> Answer:
    """As the contract tells the client that was told 503: it comes to the same.

    Args:
        world: after the fault.
        cell: what has happened.
        call: what was asked for.
        without: what had come of it without the fault.
        maybe: whether it may have been done, in which case that may be said.
    """
    again = world.ask(call)

    expected = {without.answer.status, *(cell.scenario.again if maybe else ())}
    assert again.status in expected, f"asked again, it answers {again.status}"
    if again.status == without.answer.status:
        check_tokens(world, again)
    after = world.state()
    assert not after.unannounced, f"asked again, and not announced: {after.unannounced}"
    unsaid = without.after.announced - after.announced
    # Of what is done in parts, the first may have made the others unnecessary.
    assert not unsaid or cell.scenario.in_parts, f"asked again, it does not announce: {unsaid}"
    for part in cell.scenario.leaves if cell.length is Length.THE_REQUEST or cell.is_behind_its_use else ():
        missing = _all_of(without.after, part) - _all_of(after, part) - cell.scenario.may_end
        assert not missing, f"lost when asked again: {missing}"
        after = replace(after, **{part: getattr(without.after, part)})
    assert after == without.after, "asked again, it comes to another state"
    return again


def _all_of(state: State, part: str) -> set[Any]:
    held = getattr(state, part)
    return set(held.items() if isinstance(held, dict) else held)


def check_tokens(world: World, answer: Answer) -> None:
    """What is handed out is in the tables, and good."""
    if not isinstance(answer.body, dict) or "access_token" not in answer.body:
        return
    assert world.ask(requests.ask_authorizer(answer)).status == 200, "an access token is handed out dead"
    token = unverified_refresh_token(answer.body["refresh_token"])
    counter = world.counter(token.user_id, token.session_id)
    assert counter == token.counter, "a refresh token is handed out that is not in the tables"


def check_refresh_token(world: World, answer: Answer) -> None:
    """It is used, where one was handed out: this is for the end."""
    if isinstance(answer.body, dict) and "refresh_token" in answer.body:
        used = world.ask(requests.refresh(answer.body["refresh_token"]))
        assert used.status == 200, "a refresh token is handed out that is no good"


def check_state(state: State, without: Outcome, *, done: bool) -> None:
    """Nothing else has happened than would have without a fault; and all of it, if the answer says so."""
    before, after = without.before, without.after
    assert not state.unannounced, f"taken back, and not announced: {state.unannounced}"
    if done:
        missing = after.announced - state.announced
        assert not missing, f"answered as ever, but it is not announced: {missing}"
        assert state == after, "answered as ever, but the state is another"
        return
    ended = set(before.live_sessions) & set(after.live_sessions) - set(state.live_sessions)
    assert not ended, f"logged out: {ended}"
    locked_out = before.can_log_in & after.can_log_in - state.can_log_in
    assert not locked_out, f"locked out: {locked_out}"
    # Of several writes that belong together, none is seen alone.
    assert state.users.keys() == state.passwords.keys(), "a user without credential, or the reverse"
    for name in before.passwords.keys() & state.passwords.keys():
        known = {before.passwords[name], after.passwords.get(name)}
        assert state.passwords[name] in known, f"{name} has another password"
    lost = before.passwords.keys() & after.passwords.keys() - state.passwords.keys()
    assert not lost, f"without a password: {lost}"


def check_what_is_kept(world: World, call: Call, without: Outcome) -> None:
    """The authorizer keeps nothing of what it decided during the fault."""
    if call.function != "authorizer":
        return
    assert world.ask(call).status == without.answer.status, "the authorizer keeps what it decided"
    for session in world.stores.sessions.of_user(ADA.user_id):
        world.stores.sessions.end(ADA.user_id, session.session_id, now=int(world.clock.now))
    world.clock.now += 1  # By the feed it may be as late.
    assert world.ask(call).status == 401, "the authorizer does not see that a session was ended"


def _comparable(answer: Answer) -> Any:
    """The body, but for what is new in each answer."""
    return json.loads(_ID.sub(r"\1", json.dumps(answer.body)), object_hook=_without_the_volatile)


def _without_the_volatile(members: dict[str, Any]) -> dict[str, Any]:
    return {
        name: "a time" if isinstance(value, int | float) and value > _A_TIME else value
        for name, value in members.items()
        if name not in _VOLATILE
    }
