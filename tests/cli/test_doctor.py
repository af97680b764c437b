"""`rescind doctor` on the local gateway, and on a deployed stack whose functions run there."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from rescind_cli.app import app
from tests.cli.conftest import STACK, Rescind, Said
from tests.cli.deployed import CREDENTIALS, OUTPUTS, Calls, deploy
from tests.issuers import served
from tests.local_gateway import RunningGateway

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"

pytestmark = pytest.mark.ministack


def findings(said: Said) -> dict[str, dict[str, Any]]:
    found = said.document["findings"]
    named = {finding["name"]: finding for finding in found}
    assert len(named) == len(found), "a name comes twice"
    return named


def faults(said: Said) -> dict[str, dict[str, Any]]:
    return {name: each for name, each in findings(said).items() if each["outcome"] == "fault"}


# ------------------------------------------------------------------ on this machine


def test_the_local_stack_has_no_fault_and_what_is_not_there_is_said(rescind: Rescind) -> None:
    said = rescind("doctor", "--json")

    assert said.code == 0, said.out
    found = findings(said)
    for name in ("admin function", "clock", "tables", "ttl"):
        assert found[name]["outcome"] == "ok", found[name]
    assert found["trusted issuers"]["outcome"] == "not_checked"
    for name in ("authorizer cache", "policies", "settings"):
        assert found[name]["outcome"] == "not_checked"
        assert "on this machine; the local gateway takes it from the template" in found[name]["said"]


def test_for_people_each_finding_has_a_mark_and_a_line(rescind: Rescind) -> None:
    said = rescind("doctor")

    assert "✓ clock: " in said.out
    assert "\N{EN DASH} policies: not checked: there is no API Gateway" in said.out
    assert "✗" not in said.out


@contextmanager
def without_ttl(endpoint: str, stack: str) -> Iterator[str]:
    """Switched off by hand, and on again."""
    client = boto3.client("dynamodb", endpoint_url=endpoint, **CREDENTIALS)
    name = physical(endpoint, stack, "SessionsTable")
    specification = {"AttributeName": "ttl", "Enabled": False}
    client.update_time_to_live(TableName=name, TimeToLiveSpecification=specification)
    try:
        yield name
    finally:
        client.update_time_to_live(TableName=name, TimeToLiveSpecification={**specification, "Enabled": True})


def test_a_ttl_that_somebody_switched_off_is_found_with_its_cure(rescind: Rescind, ministack: str) -> None:
    with without_ttl(ministack, STACK) as name:
        said = rescind("doctor")

    assert said.code == 1
    assert "✗ ttl sessions: off" in said.out
    cure = f"aws dynamodb update-time-to-live --table-name {name} --time-to-live-specification Enabled=true,"
    assert cure in said.out
    assert rescind("doctor").code == 0


def test_a_stack_that_does_not_run_is_no_diagnosis() -> None:
    ended = CliRunner().invoke(app, ["--local", "--port", "1", "doctor"], prog_name="rescind")

    assert (ended.exit_code, ended.stdout) == (5, "")
    assert "make run" in ended.stderr


# ------------------------------------------------------------------ deployed


@pytest.fixture(scope="module")
def stack_name(ministack: str) -> str:
    deploy("doctored", ministack, outputs=OUTPUTS)
    return "doctored"


@pytest.fixture
def calls(gateway: RunningGateway, ministack: str, monkeypatch: pytest.MonkeyPatch) -> Calls:
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    calls = Calls(invoke_at=gateway.base_url)
    calls.watch(monkeypatch)
    return calls


@pytest.fixture
def doctor(calls: Calls, stack_name: str) -> Callable[..., Said]:
    del calls

    def give(*arguments: str) -> Said:
        ended = CliRunner().invoke(app, ["--stack", stack_name, "--json", "doctor", *arguments])
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        return Said(ended.exit_code, ended.stdout, ended.stderr)

    return give


def aws(service: str, endpoint: str) -> Any:
    return boto3.client(service, endpoint_url=endpoint, **CREDENTIALS)


def physical(endpoint: str, stack_name: str, logical: str) -> str:
    found = aws("cloudformation", endpoint).describe_stack_resource(
        StackName=stack_name, LogicalResourceId=logical
    )
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def test_a_deployed_stack_has_no_fault_but_those_of_the_emulator(doctor: Callable[..., Said]) -> None:
    said = doctor()

    found = findings(said)
    # ministack's CloudFormation leaves point-in-time recovery out.
    assert all(name.startswith("recovery ") for name in faults(said)), faults(said)
    for name in ("authorizer cache", "settings", "functions", "concurrency", "policies", "trusted issuers"):
        assert found[name]["outcome"] == "ok", found[name]
    assert "none" in found["trusted issuers"]["said"]


def test_what_somebody_changed_by_hand_is_found(
    doctor: Callable[..., Said], stack_name: str, ministack: str
) -> None:
    def named(logical: str) -> str:
        return physical(ministack, stack_name, logical)

    functions, iam, gateway = (aws(service, ministack) for service in ("lambda", "iam", "apigateway"))
    login, me, api = named("LoginFunction"), named("MeFunction"), named("Api")
    [authorizer] = gateway.get_authorizers(restApiId=api)["items"]
    settings = functions.get_function_configuration(FunctionName=login)["Environment"]["Variables"]
    everything = {"Statement": [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}]}

    functions.update_function_configuration(
        FunctionName=login, Environment={"Variables": {**settings, "ACCESS_TOKEN_SECONDS": "3600"}}
    )
    functions.put_function_concurrency(FunctionName=me, ReservedConcurrentExecutions=0)
    iam.put_role_policy(
        RoleName=named("MeFunctionRole"), PolicyName="more", PolicyDocument=json.dumps(everything)
    )
    gateway.update_authorizer(
        restApiId=api,
        authorizerId=authorizer["id"],
        patchOperations=[{"op": "replace", "path": "/authorizerResultTtlInSeconds", "value": "300"}],
    )
    try:
        said = doctor()
    finally:
        functions.update_function_configuration(FunctionName=login, Environment={"Variables": settings})
        functions.delete_function_concurrency(FunctionName=me)
        iam.delete_role_policy(RoleName=named("MeFunctionRole"), PolicyName="more")
        gateway.update_authorizer(
            restApiId=api,
            authorizerId=authorizer["id"],
            patchOperations=[{"op": "replace", "path": "/authorizerResultTtlInSeconds", "value": "0"}],
        )

    assert said.code == 1
    found = faults(said)
    assert "ACCESS_TOKEN_SECONDS" in found["settings LoginFunction"]["said"]
    assert f"--function-name {me}" in found[f"concurrency {me}"]["cure"]
    assert found["policies MeFunctionRole"]["said"] == "it may also dynamodb:* on *"
    assert "--policy-name more" in found["policies MeFunctionRole"]["cure"]
    assert f"--rest-api-id {api} --authorizer-id {authorizer['id']}" in found["authorizer cache"]["cure"]


@pytest.mark.usefixtures("calls")
def test_in_development_no_table_is_meant_to_last(ministack: str) -> None:
    deploy("in-development", ministack, outputs=OUTPUTS, parameters=["Environment=development"])

    ended = CliRunner().invoke(app, ["--stack", "in-development", "--json", "doctor"])

    found = findings(Said(ended.exit_code, ended.stdout, ended.stderr))
    for name in ("recovery", "deletion protection"):
        assert found[name]["outcome"] == "not_checked"
        assert "Environment is development" in found[name]["said"]


@pytest.mark.usefixtures("calls")
def test_each_trusted_issuer_is_asked_for_its_name_and_its_keys(ministack: str) -> None:
    with served() as good, served() as renamed, served() as gone:
        names = [site.issuer.name for site in (good, renamed, gone)]
        renamed.issuer.name, gone.status = "https://another.example.com", 302
        trusted = "; ".join(f"{name} client-1" for name in names)
        deploy("trusting", ministack, outputs=OUTPUTS, parameters=[f"TrustedIssuers={trusted}"])

        ended = CliRunner().invoke(app, ["--stack", "trusting", "--json", "doctor"])

    found = findings(Said(ended.exit_code, ended.stdout, ended.stderr))
    outcomes = [found[f"issuer {name}"] for name in names]
    assert [each["outcome"] for each in outcomes] == ["ok", "fault", "fault"]
    assert outcomes[1]["said"] == "it calls itself https://another.example.com"
    assert outcomes[2]["said"].endswith("answers 302")
    assert gone.asked == ["/.well-known/openid-configuration"], "no redirect is followed"


def test_an_alias_that_somebody_moved_to_an_old_version_is_found(
    doctor: Callable[..., Said], stack_name: str, ministack: str
) -> None:
    functions = aws("lambda", ministack)
    login = physical(ministack, stack_name, "LoginFunction")
    settings = functions.get_function_configuration(FunctionName=login)["Environment"]["Variables"]
    [live] = functions.list_aliases(FunctionName=login)["Aliases"]
    old = {"Variables": {**settings, "ACCESS_TOKEN_SECONDS": "3600"}}

    functions.update_function_configuration(FunctionName=login, Environment=old)
    version = functions.publish_version(FunctionName=login)["Version"]
    functions.update_function_configuration(FunctionName=login, Environment={"Variables": settings})
    functions.update_alias(FunctionName=login, Name="live", FunctionVersion=version)
    try:
        said = doctor()
    finally:
        functions.update_alias(FunctionName=login, Name="live", FunctionVersion=live["FunctionVersion"])

    assert "ACCESS_TOKEN_SECONDS" in faults(said)["settings LoginFunction:live"]["said"]


def test_another_api_that_keeps_answers_too_long_is_found(
    doctor: Callable[..., Said], stack_name: str, ministack: str
) -> None:
    function = physical(ministack, stack_name, "AuthorizerFunction")
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:{function}/invocations"  # noqa: E501 - an ARN
    rest, http = aws("apigateway", ministack), aws("apigatewayv2", ministack)
    of_rest, of_http = (
        rest.create_rest_api(name="orders")["id"],
        http.create_api(Name="n", ProtocolType="HTTP")["ApiId"],
    )
    rest.create_authorizer(
        restApiId=of_rest,
        name="Rescind",
        type="REQUEST",
        authorizerUri=uri,
        identitySource="method.request.header.Authorization",
    )
    http.create_authorizer(
        ApiId=of_http,
        Name="Rescind",
        AuthorizerType="REQUEST",
        AuthorizerUri=uri,
        IdentitySource=["$request.header.Authorization"],
        AuthorizerResultTtlInSeconds=0,
    )

    found = findings(doctor("--api", of_rest, "--api", of_http, "--api", "nowhere"))

    assert found[f"authorizer cache of {of_rest}"]["outcome"] == "fault"
    assert "keeps answers for 300 s" in found[f"authorizer cache of {of_rest}"]["said"]
    assert found[f"authorizer cache of {of_http}"]["outcome"] == "ok", found
    assert "no API of this id" in found["authorizer cache of nowhere"]["said"]


@pytest.mark.parametrize(
    ("action", "unchecked"),
    [
        ("cloudformation:ListStackResources", {"authorizer cache", "settings", "functions", "policies"}),
        ("cloudformation:GetTemplate", {"functions", "policies"}),
        ("lambda:GetFunctionConfiguration", {"settings", "functions", "trusted issuers"}),
        ("lambda:GetFunctionConcurrency", {"concurrency"}),
        ("iam:GetRolePolicy", {"policies"}),
        ("apigateway:GET", {"authorizer cache"}),
        ("lambda:InvokeFunction", {"admin function", "authorizer cache"}),
    ],
)
def test_what_the_operator_may_not_look_at_is_not_checked_and_the_rest_is(
    doctor: Callable[..., Said], calls: Calls, action: str, unchecked: set[str]
) -> None:
    calls.forbidden = {action}

    found = findings(doctor())

    assert {name for name, each in found.items() if each["outcome"] == "not_checked"} >= unchecked
    for name in unchecked - {"authorizer cache"}:
        assert f"Allow {action}" in found[name]["cure"]
    assert any(each["outcome"] == "ok" for each in found.values())


def documented_policies() -> dict[str, set[str]]:
    """The actions of each policy that docs/operations.md gives, by the name of its statement."""
    documents = re.findall(
        r"```json\n(\{\n *\"Version\".*?)```", OPERATIONS.read_text(encoding="utf-8"), re.DOTALL
    )
    statements = [each for document in documents for each in json.loads(document)["Statement"]]
    found: dict[str, set[str]] = {}
    for statement in statements:
        assert statement["Effect"] == "Allow"
        actions = statement["Action"]
        found.setdefault(re.sub(r"[A-Z][a-z]+$", "", statement["Sid"]), set()).update(
            [actions] if isinstance(actions, str) else actions
        )
    return found


def test_the_documented_policies_name_what_is_called_and_nothing_else(
    doctor: Callable[..., Said], calls: Calls, ministack: str
) -> None:
    of_http = aws("apigatewayv2", ministack).create_api(Name="n", ProtocolType="HTTP")["ApiId"]
    doctor("--api", of_http)
    everything = calls.made - {"sts:GetCallerIdentity"}  # which nobody can be forbidden

    documented = documented_policies()

    operator = {"cloudformation:DescribeStacks", "lambda:InvokeFunction"}
    assert documented == {"Operator": operator, "Doctor": everything - operator}
