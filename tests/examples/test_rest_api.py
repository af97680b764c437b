"""The REST API of examples/rest-api: what its template declares of the authorizer."""

from typing import Any

import pytest

from tests.examples.attached import AUTHORIZER_ARN, Attached, attached
from tests.template import API

pytestmark = pytest.mark.proof

REST_API: Attached = attached("rest-api")
RESPONSES: dict[str, Any] = REST_API.document["x-amazon-apigateway-gateway-responses"]


def test_the_authorizer_is_asked_about_every_request() -> None:
    declared = REST_API.authorizer

    assert declared["type"] == "request"
    assert declared["identitySource"] == "method.request.header.Authorization"
    assert declared["authorizerResultTtlInSeconds"] == 0
    assert "{{resolve:ssm:/rescind/authorizer-arn}}" in str(declared["authorizerUri"])
    assert REST_API.open_routes == set()


def test_api_gateway_may_ask_it() -> None:
    [permission] = REST_API.may_be_invoked_by

    assert permission["FunctionName"] == {"Fn::Sub": AUTHORIZER_ARN.replace("${Rescind}", "rescind")}
    assert (permission["Principal"], permission["Action"]) == (
        "apigateway.amazonaws.com",
        "lambda:InvokeFunction",
    )


@pytest.mark.parametrize(
    "kind", ["UNAUTHORIZED", "AUTHORIZER_FAILURE", "AUTHORIZER_CONFIGURATION_ERROR"], ids=str.lower
)
def test_a_refusal_and_a_failure_have_the_status_of_rescinds_own_api(kind: str) -> None:
    assert RESPONSES[kind]["statusCode"] == str(API["GatewayResponses"][kind]["StatusCode"])
