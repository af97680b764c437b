"""The rooms of the local gateway: each may be read without the others."""

from pathlib import Path

import pytest

from tests.test_layering import ROOT, has, imports

ROOMS = {"deploy": {"gateway", "lambdas"}, "gateway": {"lambdas"}, "lambdas": {"gateway"}}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_does_not_know_those_beside_and_above_it(room: str) -> None:
    modules: list[Path] = sorted((ROOT / "tools" / "rescind_local" / room).glob("*.py"))
    foreign = {f"rescind_local.{other}" for other in ROOMS[room]}

    assert modules
    for module in modules:
        assert [each for each in imports(module) if has(each, foreign)] == []
