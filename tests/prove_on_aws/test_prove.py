"""The whole of it, on the stack of `make run`: what needs no AWS."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from prove_on_aws.__main__ import main
from tests.local_gateway import RunningGateway, running_gateway

# It starts a gateway and measures for some seconds.
pytestmark = [pytest.mark.proof, pytest.mark.ministack]


@pytest.fixture(scope="module")
def gateway(ministack: str) -> Iterator[RunningGateway]:
    with running_gateway(
        environment={"AWS_ENDPOINT_URL": ministack}, arguments=["--stack", "proved"]
    ) as running:
        yield running


def test_a_stack_that_is_as_promised_is_proved_and_left_as_it_was(
    gateway: RunningGateway, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"

    code = main(["--local", str(gateway.port), "--rounds", "1", "--clients", "3", "--report", str(report)])

    document = json.loads(report.read_text())
    assert code == 0, report.with_suffix(".txt").read_text()
    assert document["faults"] == 0
    assert document["left_behind"] == []
    assert document["rounds"][0]["delay_seconds"] == 0
    assert {"step: logout", "401 without a token", "revocation bound", "ttl"} <= {
        each["name"] for each in document["findings"]
    }
    written = gateway.output()
    made = re.findall(r'"message":"UserCreated".*?"user_id":"(usr_[^"]+)"', written)
    assert made
    assert set(made) <= set(re.findall(r'"message":"UserDeleted".*?"user_id":"(usr_[^"]+)"', written))
