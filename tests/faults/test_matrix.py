"""Every call to AWS of every function, with every fault: what a client is told, and what is left."""

from collections.abc import Callable, Collection, Iterator

import pytest

from rescind.admin.operations import OPERATIONS
from tests.faults.cells import Cell, all_cells, depends_on_time
from tests.faults.check import check, check_permissions, outcome_without
from tests.faults.faults import FAULTS, Length
from tests.faults.page import PAGE
from tests.faults.permissions import Permission, grants
from tests.faults.scenarios import FOR_POLICIES, SCENARIOS, Scenario
from tests.faults.world import World
from tests.template import NAMES

pytestmark = pytest.mark.ministack

# In a short run: so many of them, spread over all functions, calls and faults.
_ONE_IN = 199


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "cell" not in metafunc.fixturenames:
        return
    cells = list(all_cells())
    if "not proof" in metafunc.config.getoption("markexpr"):
        quick = [cell for cell in cells if not depends_on_time(cell.fault)]
        params = [pytest.param(cell, id=cell.id) for cell in quick[::_ONE_IN]]
    else:
        params = [pytest.param(cell, id=cell.id, marks=pytest.mark.proof) for cell in cells]
    metafunc.parametrize("cell", params)


def test_everything_that_calls_aws_is_asked_for() -> None:
    operations = {scenario.name.partition(",")[0] for scenario in SCENARIOS if scenario.function == "admin"}

    assert {scenario.function for scenario in SCENARIOS} == NAMES.keys() - {"me", "preflight"}
    assert operations == set(OPERATIONS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_the_calls_are_those_that_are_written_down(world: World, scenario: Scenario) -> None:
    outcome = outcome_without(world, scenario)

    assert outcome.calls == scenario.calls
    check_permissions(scenario, set(outcome.used))
    assert outcome.answer.status in {200, 201, 400, 401, 404, 409}


@pytest.mark.parametrize(
    ("function", "by_the_feed"), sorted({(scenario.function, scenario.by_the_feed) for scenario in SCENARIOS})
)
def test_a_policy_allows_nothing_that_no_call_needs(
    world: World, function: str, *, by_the_feed: bool
) -> None:
    unused = list(grants(NAMES[function], by_the_feed=by_the_feed))

    for used in calls_of(world, function, by_the_feed=by_the_feed):
        unused = [grant for grant in unused if not any(grant.allows(asked) for asked in used)]
        if not unused:
            break

    assert unused == []


def calls_of(world: World, function: str, *, by_the_feed: bool) -> Iterator[Collection[Permission]]:
    """What its scenarios need; and what it asks when the answer to a write is lost, to see what it did."""
    scenarios = [
        each
        for each in (*SCENARIOS, *FOR_POLICIES)
        if (each.function, each.by_the_feed) == (function, by_the_feed)
    ]
    for scenario in scenarios:
        yield outcome_without(world, scenario).used
    for scenario in (each for each in scenarios if each not in FOR_POLICIES):
        for number in range(len(scenario.calls)):
            if Cell(scenario, number, "lost", Length.THE_CALL).is_looked_up:
                call = scenario.begin(world)
                world.aws.begin(FAULTS["lost"], at=number, length=Length.THE_CALL)
                world.ask(call)
                yield world.aws.used


def test_the_page_tells_of_all_cells() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert f"That makes {len(list(all_cells())):,} cases." in page
    for scenario in SCENARIOS:
        assert f"- {scenario.name}: {', '.join(scenario.calls)}\n" in page.replace("**", "")


def test_nothing_is_lost_or_let_in(
    world: World, cell: Cell, record_property: Callable[[str, object], None]
) -> None:
    record_property("cell", [cell.id, check(world, cell).name])
