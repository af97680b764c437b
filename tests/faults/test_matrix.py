"""Every call to AWS of every function, with every fault: what a client is told, and what is left."""

from collections.abc import Callable

import pytest

from tests.faults.cells import Cell, all_cells, happens
from tests.faults.world import World

pytestmark = pytest.mark.ministack

# In a short run: so many of them, spread over all functions, calls and faults.
_ONE_IN = 101


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "cell" not in metafunc.fixturenames:
        return
    cells = list(all_cells())
    if "not proof" in metafunc.config.getoption("markexpr"):
        quick = [cell for cell in cells if cell.fault != "silence"]
        params = [pytest.param(cell, id=cell.id) for cell in quick[::_ONE_IN]]
    else:
        params = [pytest.param(cell, id=cell.id, marks=pytest.mark.proof) for cell in cells]
    metafunc.parametrize("cell", params)


def test_nothing_is_lost_or_let_in(
    world: World, cell: Cell, record_property: Callable[[str, object], None]
) -> None:
    record_property(
        "cell", [cell.scenario.id, cell.number, cell.fault, cell.length.value, happens(world, cell)]
    )
