"""The stack of examples/cdk, as the CDK writes it for CloudFormation. Node runs it: `make examples`."""

import json
import shutil
import subprocess
from typing import Any

import pytest
from cfnlint.api import lint

from tests.examples.attached import EXAMPLES

CDK = EXAMPLES / "cdk"


@pytest.fixture(scope="module")
def synthesised(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    node = shutil.which("node")
    assert node, "there is no node: make examples needs it"
    assert (CDK / "node_modules").is_dir(), "npm has installed nothing here yet: run make examples"
    folder = tmp_path_factory.mktemp("cdk")
    finished = subprocess.run(  # noqa: S603 - our own program
        [node, "attach.js"],
        cwd=CDK,
        env={"CDK_OUTDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    template: dict[str, Any] = json.loads((folder / "orders.template.json").read_text(encoding="utf-8"))
    return template


def of_type(template: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}


def said_by_rescind(template: dict[str, Any], name: str) -> dict[str, str]:
    """The reference to what the Rescind stack says under this name, looked up at each deployment."""
    [parameter] = [
        logical for logical, each in template["Parameters"].items() if each["Default"] == f"/rescind/{name}"
    ]
    assert template["Parameters"][parameter]["Type"] == "AWS::SSM::Parameter::Value<String>"
    return {"Ref": parameter}


@pytest.mark.node
def test_the_cdk_attaches_the_authorizer_by_its_whole_arn_and_keeps_no_answer(
    synthesised: dict[str, Any],
) -> None:
    [authorizer] = of_type(synthesised, "AWS::ApiGateway::Authorizer").values()

    assert authorizer["Type"] == "REQUEST"
    assert authorizer["IdentitySource"] == "method.request.header.Authorization"
    assert authorizer["AuthorizerResultTtlInSeconds"] == 0
    # With its last part, which names the alias: without it an upgrade would not be one.
    *_, function, last = authorizer["AuthorizerUri"]["Fn::Join"][1]
    assert (function, last) == (said_by_rescind(synthesised, "authorizer-arn"), "/invocations")


@pytest.mark.node
def test_api_gateway_may_call_that_alias_for_this_api_alone(synthesised: dict[str, Any]) -> None:
    alias = said_by_rescind(synthesised, "authorizer-arn")
    [api] = of_type(synthesised, "AWS::ApiGateway::RestApi")
    [permission] = [
        each
        for each in of_type(synthesised, "AWS::Lambda::Permission").values()
        if each["FunctionName"] == alias
    ]

    assert (permission["Principal"], permission["Action"]) == (
        "apigateway.amazonaws.com",
        "lambda:InvokeFunction",
    )
    assert {"Ref": api} in permission["SourceArn"]["Fn::Join"][1]


@pytest.mark.node
def test_no_route_goes_without_it_and_the_function_has_the_stacks_layer(synthesised: dict[str, Any]) -> None:
    [authorizer] = of_type(synthesised, "AWS::ApiGateway::Authorizer")
    methods = of_type(synthesised, "AWS::ApiGateway::Method").values()
    [function] = of_type(synthesised, "AWS::Lambda::Function").values()

    assert [(each["AuthorizationType"], each["AuthorizerId"]) for each in methods] == [
        ("CUSTOM", {"Ref": authorizer})
    ]
    assert function["Layers"] == [said_by_rescind(synthesised, "layer-arn")]


@pytest.mark.node
def test_a_failure_is_a_503_and_cloudformation_takes_it_all(synthesised: dict[str, Any]) -> None:
    responses = of_type(synthesised, "AWS::ApiGateway::GatewayResponse").values()

    assert {each["ResponseType"]: each.get("StatusCode", "401") for each in responses} == {
        "UNAUTHORIZED": "401",
        "AUTHORIZER_FAILURE": "503",
        "AUTHORIZER_CONFIGURATION_ERROR": "503",
    }
    # What is left are remarks on what the CDK adds by itself.
    assert [str(match) for match in lint(json.dumps(synthesised)) if match.rule.id.startswith("E")] == []


def test_what_npm_installs_is_pinned_and_comes_from_whichever_registry_is_set() -> None:
    wanted = json.loads((CDK / "package.json").read_text(encoding="utf-8"))["dependencies"]
    lock = (CDK / "package-lock.json").read_text(encoding="utf-8")
    locked = {name: each for name, each in json.loads(lock)["packages"].items() if name}

    assert all(locked[f"node_modules/{name}"]["version"] == version for name, version in wanted.items())
    assert all(each.get("inBundle") or each["integrity"].startswith("sha512-") for each in locked.values())
    assert "://" not in lock
