"""No token, password, cookie, mac or whole event is in any log, metric, exception or answer, on any path."""

import urllib.request
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TypeVar

import pytest

from rescind import audit
from rescind.admin.operations import OPERATIONS, ROUTES
from rescind.reasons import Reason
from tests import event_lines
from tests.leaks import marked
from tests.leaks.calls import FAILURES, UNFORESEEN, Call, Calls
from tests.leaks.misplaced import in_the_headers, in_the_route_and_body
from tests.leaks.paths import FUNCTIONS, PATHS, Path
from tests.leaks.witness import Seen, Witness
from tests.leaks.world import Event, World, rows_of_now
from tests.template import FUNCTIONS as IN_THE_TEMPLATE

T = TypeVar("T")


# What of an event says which code reads the rest of it.
FORM = ("httpMethod", "resource", "type", "version", "operation")


@dataclass(frozen=True)
class Share:
    """Of many variations each in a long run, and one in so many in a short one."""

    one_in: int

    def of(self, variations: Iterable[T], begin: int) -> Iterator[T]:
        """Which one comes first depends on `begin`, so that each is tried somewhere."""
        return islice(variations, begin % self.one_in, None, self.one_in)


@pytest.fixture(
    params=[pytest.param(6, id="short"), pytest.param(1, id="proof", marks=pytest.mark.proof)],
)
def share(request: pytest.FixtureRequest) -> Share:
    return Share(request.param)


def walk(world: World, witness: Witness, calls: Calls, function: str, event: Event) -> Seen:
    calls.passed.clear()
    return witness.watch(function, lambda: world.stack.invoke(function, event))


def successes_of(function: str) -> list[Path]:
    outcomes = {200, 201, 202, 204, "returned"}
    return [path for path in PATHS if path.function == function and path.outcome in outcomes]


def test_every_function_event_and_reason_has_a_path() -> None:
    assert {path.function for path in PATHS} == set(FUNCTIONS)
    assert {path.event for path in PATHS} - {None} == {event.value for event in audit.Event}
    assert {path.reason for path in PATHS} - {None} == {reason.value for reason in Reason}


def test_every_route_has_a_path_that_succeeds(world: World) -> None:
    routes = {
        (event["Properties"]["Method"], event["Properties"]["Path"])
        for function in IN_THE_TEMPLATE.values()
        for event in function.get("Events", {}).values()
        if event["Type"] == "Api" and event["Properties"]["Method"] != "OPTIONS"
    }

    asked = [path.ask(world) for path in PATHS if path.outcome in {200, 201, 202}]

    assert routes <= {(event.get("httpMethod"), event.get("resource")) for event in asked}


def test_every_operation_that_has_no_route_has_a_path_that_succeeds(world: World) -> None:
    asked = [path.ask(world) for path in PATHS if path.outcome in {200, 201, 202}]

    assert OPERATIONS.keys() - ROUTES.values() <= {event.get("operation") for event in asked}


@pytest.mark.parametrize("path", [pytest.param(path, id=f"{path.function}: {path.name}") for path in PATHS])
def test_a_path_gives_nothing_away(world: World, witness: Witness, calls: Calls, path: Path) -> None:
    event = path.ask(world)

    seen = walk(world, witness, calls, path.function, event)

    written = {(path.event, path.reason), *((event, None) for event in path.besides)} - {(None, None)}
    assert (seen.outcome, seen.events) == (path.outcome, written)
    assert seen.problems(world.secrets, shows=path.shows) == []
    assert marked.found_in(world.sent, world.secrets) == set()


@pytest.mark.proof
def test_an_event_has_the_members_and_the_functions_that_it_is_documented_with(
    world: World, witness: Witness, calls: Calls
) -> None:
    ours = set(event_lines.names("The line", 1))
    lines: dict[str, list[set[str]]] = defaultdict(list)
    functions: dict[str, set[str]] = defaultdict(set)
    for path in PATHS:
        with pytest.MonkeyPatch.context() as environment:
            fresh = replace(world, environment=environment)
            environment.setattr(urllib.request, "urlopen", fresh.receive)
            fresh.begin()
            seen = walk(fresh, witness, calls, path.function, path.ask(fresh))
        for line in (line for line in seen.lines if "message" in line):
            lines[line["message"]].append(ours & line.keys())
            functions[line["message"]].add(path.function)

    for name, event in event_lines.documented_events().items():
        assert set.union(*lines[name]) == event.members, name
        assert set.intersection(*lines[name]) == event.always, name
        assert event.by in ({"any"}, functions[name]), name


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_call_that_fails_gives_nothing_away(
    world: World, witness: Witness, calls: Calls, function: str, share: Share
) -> None:
    seen_before: set[Call] = set()
    for path in successes_of(function):
        world.begin()
        walk(world, witness, calls, function, path.ask(world))
        for number, call in enumerate(list(calls.passed)):
            if call in seen_before:
                continue
            seen_before.add(call)
            # Nothing tells the unforeseen ones apart, so each call meets one of them.
            unforeseen = list(UNFORESEEN)[number % len(UNFORESEEN)]
            failures = {**FAILURES, unforeseen: UNFORESEEN[unforeseen]}
            for name, failure in share.of(failures.items(), number):
                world.begin()
                event = path.ask(world)
                calls.failing = number, failure

                seen = walk(world, witness, calls, function, event)

                calls.failing = None
                assert calls.passed[number] == call
                problems = seen.problems(world.secrets, shows=path.shows)
                assert problems == [], f"{path.name}, {name} of {call}"
                assert ("Failed", None) not in seen.events or name == unforeseen, f"{name} of {call}"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_in_the_wrong_place_goes_no_further(
    world: World, witness: Witness, calls: Calls, function: str, share: Share
) -> None:
    begun: set[str] = set()
    for path in successes_of(function):
        world.begin()
        event = path.ask(world)
        form = f"{[event.get(name) for name in FORM]} {sorted(event)}"
        if form in begun:
            continue
        # One piece of code reads the headers of all routes of a function.
        headers = [] if begun else in_the_headers(event)
        begun.add(form)
        rows = rows_of_now()
        places = chain(in_the_route_and_body(event), headers)
        for place, changed in share.of(places, FUNCTIONS.index(function)):
            world.restore(rows)

            seen = walk(world, witness, calls, function, changed)

            # Who makes a user, or changes one, is shown what they wrote.
            is_told = seen.outcome == 201 or changed.get("httpMethod") == "PATCH"
            shows = frozenset(world.secrets) if is_told else path.shows
            assert seen.problems(world.secrets, shows=shows) == [], f"{path.name}, {place}"
