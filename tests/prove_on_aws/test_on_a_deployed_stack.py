"""The whole of it against what was built and deployed, as far as an emulator of AWS goes."""

import json
from pathlib import Path

import pytest

from prove_on_aws import logs
from prove_on_aws.__main__ import prove
from prove_on_aws.api import Api
from prove_on_aws.options import parse
from rescind_cli.checks.findings import Outcome
from rescind_cli.errors import CommandError, Exit
from rescind_cli.stack import Stack, deployed_stack
from tests.deployed.stack import DeployedStack
from tests.journeys.gateways import Gateway
from tests.tables import table_keys

pytestmark = pytest.mark.sam

# ministack leaves the point-in-time recovery out that the template asks for.
NOT_AS_PROMISED = {f"recovery {table.lower()}" for table in table_keys()}
NOT_FOR_SOMEBODYS_STACK = {"journeys", "503 where the authorizer cannot run"}


@pytest.fixture
def stack(deployed: DeployedStack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setenv("AWS_ENDPOINT_URL", deployed.cloud.endpoint)
    monkeypatch.setattr(logs, "_WAIT_SECONDS", 1)
    return deployed_stack(deployed.name, region="us-east-1", profile=None)


def test_the_proof_of_a_deployed_stack_finds_what_the_emulator_leaves_out_and_nothing_else(
    stack: Stack, deployed_gateway: Gateway, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    arguments = ["--stack", stack.deployed_as, "--existing", "--rounds", "1", "--clients", "2"]

    prove(
        stack,
        parse([*arguments, "--report", str(report)]),
        api=Api(deployed_gateway.base_url, deployed_gateway.host),
    )

    document = json.loads(report.read_text())
    outcomes = {each["name"]: each["outcome"] for each in document["findings"]}
    assert {name for name, how in outcomes.items() if how == Outcome.FAULT} == NOT_AS_PROMISED
    assert {outcomes[name] for name in NOT_FOR_SOMEBODYS_STACK} == {Outcome.NOT_CHECKED}
    for name in ("revocation bound", "no secret in the logs", "authorizer version", "log retention"):
        assert outcomes[name] == Outcome.OK, name
    assert document["left_behind"] == []


def test_a_stack_that_it_has_not_made_is_left_alone_whatever_its_name(
    stack: Stack, deployed_gateway: Gateway, tmp_path: Path
) -> None:
    options = parse(["--stack", "rescind-prove-0", "--report", str(tmp_path / "report.json")])
    api = Api(deployed_gateway.base_url, deployed_gateway.host)

    with pytest.raises(CommandError, match="not made by this command") as refused:
        prove(stack, options, api=api)

    assert refused.value.code is Exit.REFUSED
    assert api.asked == 0
