"""One deployment for all cells; and what they came to, as a table, once all of them have run."""

from collections.abc import Iterator

import pytest

from tests.faults.deployment import deployed
from tests.faults.world import World


@pytest.fixture(scope="module")
def world(ministack: str) -> Iterator[World]:
    with deployed(ministack) as world:
        yield world
