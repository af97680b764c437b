"""What the emulator does not do, by name: each is still so, or what stands in for it can go."""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from rescind_local.deploy.emulator import running_emulator
from tests.deployed.gateway import gateway_of
from tests.deployed.stack import Cloud, DeployedStack
from tests.what_was_built import LAMBDA_PYTHON

pytestmark = pytest.mark.sam

ALARM = {
    "Type": "AWS::CloudWatch::Alarm",
    "Properties": {
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "Metrics": [
            {"Id": "twice", "Expression": "2 * errors"},
            {
                "Id": "errors",
                "ReturnData": False,
                "MetricStat": {
                    "Metric": {"Namespace": "AWS/Lambda", "MetricName": "Errors"},
                    "Period": 60,
                    "Stat": "Sum",
                },
            },
        ],
    },
}


def function(code: str, **properties: Any) -> dict[str, Any]:
    inline = {"Handler": "index.handler", "Runtime": "python3.13", "Code": {"ZipFile": code}}
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {**inline, "Role": "arn:aws:iam::000000000000:role/none", **properties},
    }


def create(client: Callable[[str], Any], name: str, resource: dict[str, Any]) -> tuple[str, str]:
    """The status of a stack of one resource, and the physical id of that; empty when it was taken back."""
    cloudformation = client("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Only": resource}}))
    give_up = time.monotonic() + 20
    while True:
        [stack] = cloudformation.describe_stacks(StackName=name)["Stacks"]
        if not stack["StackStatus"].endswith("_IN_PROGRESS") or time.monotonic() > give_up:
            break
        time.sleep(0.05)
    found = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    return stack["StackStatus"], found[0]["PhysicalResourceId"] if found else ""


def test_a_deployment_is_left_without_gateway_responses_and_time_to_live(deployed: DeployedStack) -> None:
    assert deployed.left_out == {"gateway responses", "time to live"}, "see tests/deployed/mends.py"


def test_an_alarm_on_an_expression_is_not_created(cloud: Cloud) -> None:
    status, _ = create(cloud.client, "alarm", ALARM)

    assert status.startswith("ROLLBACK"), "mends.without_metric_math can go"


def test_a_number_in_an_environment_stays_one(cloud: Cloud) -> None:
    _, name = create(cloud.client, "number", function("", Environment={"Variables": {"SECONDS": 5}}))

    found = cloud.client("lambda").get_function_configuration(FunctionName=name)
    assert found["Environment"]["Variables"]["SECONDS"] == 5, "mends.with_settings_as_text can go"


def test_a_functions_header_is_not_renamed(deployed: DeployedStack) -> None:
    gateway = gateway_of(deployed)
    body = {"username": "nobody", "password": "a-guess"}

    answer = httpx.post(
        f"{gateway.base_url}/auth/login", headers={"Host": gateway.host}, json=body, timeout=30
    )

    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers, "Gateway.renames can go"


RAISES = "import os\ndef handler(event, context):\n    raise Exception(os.getpid())\n"


def processes_of_two_calls(client: Callable[[str], Any], name: str) -> list[str]:
    _, function_name = create(client, name, function(RAISES))
    answers = [client("lambda").invoke(FunctionName=function_name)["Payload"].read() for _ in range(2)]
    return [json.loads(answer)["errorMessage"] for answer in answers]


def test_a_function_that_raises_keeps_its_sandbox_only_where_we_see_to_it(cloud: Cloud) -> None:
    first, second = processes_of_two_calls(cloud.client, "kept")
    assert first == second

    with running_emulator(str(LAMBDA_PYTHON)) as bare:
        bare.wait()
        first, second = processes_of_two_calls(Cloud(bare.endpoint, cloud.folder, cloud.say).client, "lost")
    assert first != second, "sandboxes.keep_sandboxes can go"
