"""The module of examples/terraform, held to the schema of Terraform's AWS provider. It is not planned."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import hcl2
import pytest

from tests.examples.attached import EXAMPLES
from tests.examples.aws_provider import recorded

pytestmark = pytest.mark.proof

PROVIDER = recorded()
META = {"for_each", "count", "depends_on", "lifecycle", "provider"}
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:rescind-authorizer:live"
REFERENCE = re.compile(r"\b(?:(?:data\.)?aws_\w+\.\w+\.\w+|var\.\w+|local\.\w+)")


@cache
def module() -> dict[str, Any]:
    text = (EXAMPLES / "terraform" / "main.tf").read_text(encoding="utf-8")
    parsed: dict[str, Any] = hcl2.loads(text)
    return parsed


def blocks(kind: str, prefix: str = "") -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Type, name and arguments of each."""
    for block in module()[kind]:
        for of, named in block.items():
            for name, arguments in named.items():
                yield prefix + unquoted(of), unquoted(name), given(arguments)


def given(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if not name.startswith("__")}


def unquoted(text: Any) -> str:
    return str(text).strip('"')


def resources() -> list[tuple[str, str, dict[str, Any]]]:
    return [*blocks("resource"), *blocks("data", "data.")]


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """Arguments by name."""
    return {name: arguments for of, name, arguments in resources() if of == kind}


def test_the_provider_knows_every_argument_and_misses_none() -> None:
    assert len(resources()) == 6
    for of, name, arguments in resources():
        assert arguments.keys() - META <= PROVIDER[of].arguments.keys(), name
        assert PROVIDER[of].required <= arguments.keys(), name


def test_an_argument_has_the_type_that_the_provider_takes() -> None:
    kinds = {"string": str, "number": int, "{": dict}

    for of, name, arguments in resources():
        for argument in arguments.keys() - META:
            kind = kinds[PROVIDER[of].arguments[argument]]
            assert isinstance(arguments[argument], kind), f"{name}: {argument}"


def test_what_is_referred_to_is_there_and_has_that_attribute() -> None:
    declared = {f"{of}.{name}": of for of, name, _ in resources()}
    variables = {unquoted(name) for block in module()["variable"] for name in block}
    values = {name for block in module()["locals"] for name in given(block)}

    references = set(REFERENCE.findall(str(module())))

    assert len(references) > 8
    for reference in references:
        owner, _, attribute = reference.rpartition(".")
        if owner == "var":
            assert attribute in variables
        elif owner == "local":
            assert attribute in values
        else:
            assert attribute in PROVIDER[declared[owner]].attributes


def test_the_authorizer_is_called_by_its_alias_and_no_answer_is_kept() -> None:
    [authorizer] = of_type("aws_api_gateway_authorizer").values()

    assert authorizer["authorizer_result_ttl_in_seconds"] == 0
    assert unquoted(authorizer["type"]) == "REQUEST"
    assert unquoted(authorizer["identity_source"]) == "method.request.header.Authorization"
    assert evaluated(authorizer["authorizer_uri"]) == (
        f"arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/{ARN}/invocations"
    )


def test_api_gateway_may_call_that_alias_for_this_api_alone() -> None:
    [permission] = of_type("aws_lambda_permission").values()

    assert unquoted(permission["principal"]) == "apigateway.amazonaws.com"
    assert unquoted(permission["action"]) == "lambda:InvokeFunction"
    # Of a name with an alias in it the provider would make a difference at each plan.
    assert permission["function_name"] == '${join(":", slice(local.arn, 0, 7))}'
    assert evaluated(permission["qualifier"]) == "live"
    assert evaluated(permission["source_arn"]) == (
        "arn:aws:execute-api:eu-central-1:123456789012:an-api/authorizers/an-authorizer"
    )


def test_a_failure_is_a_503() -> None:
    responses = of_type("aws_api_gateway_gateway_response")

    assert unquoted(responses["refused"]["response_type"]) == "UNAUTHORIZED"
    assert unquoted(responses["refused"]["status_code"]) == "401"
    assert "AUTHORIZER_FAILURE" in responses["unavailable"]["for_each"]
    assert "AUTHORIZER_CONFIGURATION_ERROR" in responses["unavailable"]["for_each"]
    assert unquoted(responses["unavailable"]["status_code"]) == "503"


def evaluated(expression: str) -> str:
    """With the values that a deployment would have: enough of the language for what stands in the module."""
    [values] = [given(block) for block in module()["locals"]]
    parts = {name: ARN.split(":")[int(text[-3])] for name, text in values.items() if name != "arn"}
    known = {
        "data.aws_ssm_parameter.authorizer_arn.insecure_value": ARN,
        "var.rest_api_id": "an-api",
        "aws_api_gateway_authorizer.rescind.id": "an-authorizer",
        **{f"local.arn[{place}]": part for place, part in enumerate(ARN.split(":"))},
        **{f"local.{name}": part for name, part in parts.items()},
    }
    return re.sub(r"\$\{([^}]+)\}", lambda found: known[found[1]], unquoted(expression))
