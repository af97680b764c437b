"""Whatever changes reaches the functions that are called by an alias, and nobody goes round it."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from rescind import cloudformation
from tests.template import DOCUMENT
from tests.translated import DEFAULTS, named_in, resolved, resources, translated

ALIASES = {"AuthorizerFunctionAliaslive": "AuthorizerFunction", "LoginFunctionAliaslive": "LoginFunction"}
# Lambda's own: what a version has a name for, and what it does not keep.
LONGEST_DESCRIPTION = 256
NOT_OF_A_VERSION = {"ReservedConcurrentExecutions", "Tags"}


def version_of(function: str, template: Mapping[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
    """Its logical id and its properties: with another of either, CloudFormation publishes anew."""
    versions = resources("AWS::Lambda::Version", template)
    [found] = [each for each in versions.items() if each[1]["FunctionName"] == {"Ref": function}]
    return found


FIRST_KEYS: dict[str, Any] = DOCUMENT["Resources"]["FirstKeys"]["Properties"]


def settings_attribute(given: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What CloudFormation is told as FirstKeys.Settings, for these parameters."""
    told: list[dict[str, Any]] = []

    class Told:
        def close(self) -> None: ...

    def urlopen(request: Any, timeout: float) -> Told:
        del timeout
        told.append(json.loads(request.data))
        return Told()

    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    event = {"ResponseURL": "https://example.com/", "StackId": "", "RequestId": "", "LogicalResourceId": ""}
    properties = resolved(FIRST_KEYS, given)
    cloudformation.tell_cloudformation({**event, "ResourceProperties": properties}, "SUCCESS", "")
    return str(told[0]["Data"]["Settings"])


@pytest.mark.parametrize("function", ALIASES.values())
def test_whatever_a_version_keeps_of_the_parameters_is_in_its_description(function: str) -> None:
    properties = resources("AWS::Lambda::Function")[function]
    _, version = version_of(function)

    kept = {name: value for name, value in properties.items() if name not in NOT_OF_A_VERSION}
    assert set(named_in(properties["Environment"])) <= set(named_in(FIRST_KEYS["Settings"]))
    assert set(named_in(kept)) & DEFAULTS.keys() <= set(named_in(FIRST_KEYS))
    assert properties["Environment"]["Variables"] == FIRST_KEYS["Settings"]
    # The function's own too: Lambda publishes nothing where nothing has changed, and the deployment fails.
    for description in (version["Description"], properties["Description"]):
        assert "${FirstKeys.Settings}" in description["Fn::Sub"]
        assert len(description["Fn::Sub"]) <= LONGEST_DESCRIPTION


@pytest.mark.parametrize("parameter", sorted(set(named_in(FIRST_KEYS)) & DEFAULTS.keys()))
def test_a_parameter_alone_publishes_a_version(parameter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = settings_attribute(DEFAULTS, monkeypatch)

    # An `If` may hide the parameter behind the one that its condition asks for.
    after = settings_attribute({**DEFAULTS, parameter: "another"}, monkeypatch)

    assert before == settings_attribute(DEFAULTS, monkeypatch)
    assert after != before


@pytest.mark.parametrize("function", ALIASES.values())
@pytest.mark.parametrize("uploaded", ["the layer", "its code"])
def test_another_layer_or_other_code_publishes_a_version(function: str, uploaded: str) -> None:
    before, _ = version_of(function)

    changed = function if uploaded == "its code" else "Layer"
    after, _ = version_of(function, translated(((changed, "another-key"),)))

    assert after != before


def test_what_was_not_changed_is_not_published_anew() -> None:
    assert version_of("LoginFunction") == version_of(
        "LoginFunction", translated((("AuthorizerFunction", "another-key"),))
    )


def test_api_gateway_calls_and_may_call_only_the_alias() -> None:
    body = json.dumps(resources("AWS::ApiGateway::RestApi")["Api"]["Body"])
    permissions = [each["FunctionName"] for each in resources("AWS::Lambda::Permission").values()]

    for alias, function in ALIASES.items():
        assert alias in body
        assert not re.search(rf"\b{function}\b", body)
        assert {"Ref": alias} in permissions
        assert {"Ref": function} not in permissions
        assert resources("AWS::Lambda::Alias")[alias]["Name"] == "live"


def test_a_snapshot_is_taken_of_versions_and_only_when_it_is_asked_for() -> None:
    for function in ALIASES.values():
        apply_on = resources("AWS::Lambda::Function")[function]["SnapStart"]["ApplyOn"]
        assert apply_on == {"Fn::If": ["SnapStartIsOn", "PublishedVersions", "None"]}
    assert DEFAULTS["SnapStart"] == "disabled"


def test_outputs_and_parameters_of_systems_manager_say_the_same() -> None:
    outputs = {name: each["Value"] for name, each in translated()["Outputs"].items()}
    stored = resources("AWS::SSM::Parameter").values()

    assert {each["Name"]["Fn::Sub"]: each["Value"] for each in stored} == {
        "/${AWS::StackName}/authorizer-arn": outputs["AuthorizerArn"],
        "/${AWS::StackName}/issuer": outputs["Issuer"],
        "/${AWS::StackName}/audience": outputs["Audience"],
        "/${AWS::StackName}/jwks-url": outputs["JwksUrl"],
        "/${AWS::StackName}/api-url": outputs["ApiUrl"],
        "/${AWS::StackName}/layer-arn": outputs["LayerArn"],
    }
    assert outputs["AuthorizerArn"] == {"Ref": "AuthorizerFunctionAliaslive"}
    settings = FIRST_KEYS["Settings"]
    assert (outputs["Issuer"], outputs["Audience"]) == (settings["ISSUER"], settings["AUDIENCE"])
