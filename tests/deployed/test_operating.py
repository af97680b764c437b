"""What an operator does with a deployed stack, as README and docs/operations.md say."""

import json
import secrets
from typing import Any

import pytest

from tests.deployed.gateway import gateway_of
from tests.deployed.stack import DeployedStack
from tests.journeys.conftest import client_of

pytestmark = pytest.mark.sam

TABLES = ("attempts", "blocklist", "credentials", "keys", "revocations", "sessions", "users")
# What doctor finds because ministack has not done what the template asks for.
NOT_EMULATED = {f"recovery {table}": "PointInTimeRecoverySpecification is left out" for table in TABLES}


def test_the_first_user_is_made_by_the_command_and_may_make_others(deployed: DeployedStack) -> None:
    gateway = gateway_of(deployed)
    client = client_of(gateway)
    username, password = f"ada-{secrets.token_hex(4)}", secrets.token_urlsafe(16)

    deployed.rescind("users", "add", username, "--scope", "admin", "--password-stdin", typed=password)

    bearer = client.log_in(username, password)["access_token"]
    other = {"username": f"grace-{secrets.token_hex(4)}", "password": password}
    assert client.ask("POST", "/admin/users", bearer=bearer, json=other).status_code == 201


def test_doctor_finds_no_fault_that_is_not_the_emulators(deployed: DeployedStack) -> None:
    document: dict[str, Any] = json.loads(deployed.rescind("doctor", "--json", codes=(0, 1)))
    outcomes = {each["name"]: each["outcome"] for each in document["findings"]}

    assert {name for name, outcome in outcomes.items() if outcome == "fault"} == NOT_EMULATED.keys()
    assert {name for name, outcome in outcomes.items() if outcome == "not_checked"} == set()
    assert {"admin function", "tables", "ttl", "authorizer cache", "settings", "policies"} <= outcomes.keys()


def test_what_others_need_to_know_is_in_the_outputs_and_in_parameters(deployed: DeployedStack) -> None:
    outputs, ssm = deployed.outputs(), deployed.cloud.client("ssm")
    named = {
        "authorizer-arn": "AuthorizerArn",
        "issuer": "Issuer",
        "audience": "Audience",
        "jwks-url": "JwksUrl",
        "api-url": "ApiUrl",
        "layer-arn": "LayerArn",
    }

    for parameter, output in named.items():
        found = ssm.get_parameter(Name=f"/{deployed.name}/{parameter}")["Parameter"]["Value"]
        assert found == outputs[output]
    assert outputs["AuthorizerArn"].endswith(":live")
    gateway = gateway_of(deployed)
    assert (outputs["Issuer"], outputs["Audience"]) == (gateway.issuer, gateway.audience)
    assert outputs["ApiUrl"].partition(".")[0] == f"https://{deployed.resources()['Api']}"
