"""One gateway for all tests of this folder that only talk to it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.local.stack_to_serve import FUNCTIONS, TEMPLATE
from tests.local.tiny import write_stack
from tests.local_gateway import RunningGateway, running_gateway


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the stack's sources are."""
    return tmp_path_factory.mktemp("stack")


@pytest.fixture(scope="session")
def gateway(folder: Path) -> Iterator[RunningGateway]:
    (folder / "shared").mkdir()
    (folder / "shared" / "sharing.py").write_text("def shared():\n    return 'from the layer'\n")
    template = write_stack(folder, TEMPLATE, FUNCTIONS)
    with running_gateway(
        template=template, parameters={"Word": "two words"}, environment={"OF_MY_SHELL": "private"}
    ) as running:
        yield running


@pytest.fixture(scope="session")
def client(gateway: RunningGateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.base_url, timeout=10) as made:
        yield made
