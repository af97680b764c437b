"""A write whose first answer got lost: its second try fails, and the row that it is given is damaged."""

import json
from dataclasses import replace
from itertools import count

import pytest

from tests.faults.cells import Cell
from tests.faults.check import check_with
from tests.faults.faults import FAULTS, WRITES, Fault, Length, Line, Request
from tests.faults.rows import SPOILED, Spoiled
from tests.faults.scenarios import SCENARIOS
from tests.faults.world import World

pytestmark = [pytest.mark.ministack, pytest.mark.proof]


def lost_and_then(spoiled: Spoiled) -> Fault:
    tries = count()

    def spoil(request: Request, line: Line) -> None:
        if next(tries):
            spoiled.fault.spoil(request, line)
        else:
            FAULTS["lost"].spoil(_nobodys(request), line)

    return Fault(spoiled.fault.name, spoil, WRITES, takes_effect=True)


def _nobodys(request: Request) -> Request:
    """By its token the repeat of a transaction would be known for what it is, and succeed."""
    asked = json.loads(request.body)
    asked.pop("ClientRequestToken", None)
    return replace(request, body=json.dumps(asked).encode())


@pytest.mark.parametrize("damage", SPOILED)
@pytest.mark.parametrize(
    ("scenario", "call", "knows_its_own_by"),
    [
        ("login/right password", "PutItem Sessions", "attempt"),
        ("refresh/current", "UpdateItem Sessions", "attempt"),
        ("admin/changeUser", "TransactWriteItems Revocations+Users", "revision"),
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
