"""A write whose first answer got lost: its second try fails, and the row that it is given is damaged."""

from itertools import count

import pytest

from tests.faults.cells import Cell
from tests.faults.check import check_with
from tests.faults.faults import FAULTS, WRITES, Fault, Length, Line, Request
from tests.faults.rows import SPOILED, Spoiled
from tests.faults.scenarios import SCENARIOS
from tests.faults.world import World

pytestmark = pytest.mark.ministack


def lost_and_then(spoiled: Spoiled) -> Fault:
    tries = count()

    def spoil(request: Request, line: Line) -> None:
        fault = spoiled.fault if next(tries) else FAULTS["lost"]
        fault.spoil(request, line)

    return Fault(spoiled.fault.name, spoil, WRITES, takes_effect=True)


@pytest.mark.parametrize("damage", SPOILED)
@pytest.mark.parametrize(
    ("scenario", "call", "knows_its_own_by"),
    [
        ("login/right password", "PutItem Sessions", "attempt"),
        ("refresh/current", "UpdateItem Sessions", "attempt"),
        ("admin/changeUser", "UpdateItem Users", "revision"),
    ],
)
def test_a_damaged_row_beside_a_failed_condition_loses_nothing_and_lets_nothing_in(
    world: World, scenario: str, call: str, knows_its_own_by: str, damage: str
) -> None:
    [asked] = [each for each in SCENARIOS if each.id == scenario]
    cell = Cell(asked, asked.calls.index(call), damage, Length.THE_CALL)
    spoiled = Spoiled(damage, 0)
    attributes = set()

    for number in count(1):
        check_with(world, cell, lost_and_then(spoiled))
        if spoiled.attribute is None:
            break
        attributes.add(spoiled.attribute)
        spoiled = Spoiled(damage, number)

    assert knows_its_own_by in attributes
