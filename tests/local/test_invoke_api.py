"""Lambda's Invoke on the gateway's port: for AWS's own clients, and for nothing that a web page can send."""

import json
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.local_gateway import RunningGateway

SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=local/20261124/us-east-1/lambda/aws4_request"}
PATH = "/2015-03-31/functions/Echo/invocations"


@pytest.fixture
def aws_lambda(gateway: RunningGateway) -> Any:
    once = Config(retries={"total_max_attempts": 1})
    return boto3.client("lambda", endpoint_url=gateway.base_url, region_name="us-east-1", config=once)


def test_a_function_is_invoked_by_its_name(aws_lambda: Any) -> None:
    answer = aws_lambda.invoke(FunctionName="Echo", Payload=json.dumps({"said": "grüße"}).encode())

    assert answer["StatusCode"] == 200
    assert "FunctionError" not in answer
    assert json.loads(json.loads(answer["Payload"].read())["body"])["event"] == {"said": "grüße"}


def test_a_function_that_raises_is_an_answer_with_its_error(aws_lambda: Any) -> None:
    answer = aws_lambda.invoke(FunctionName="Guard", Payload=b'{"headers": 1}')

    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read()).keys() == {"errorMessage", "errorType"}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        pytest.param({"FunctionName": "Nobody"}, "ResourceNotFoundException", id="unknown"),
        pytest.param(
            {"FunctionName": "Echo", "InvocationType": "Event"}, "InvalidParameterValueException", id="event"
        ),
        pytest.param(
            {"FunctionName": "Echo", "Payload": b"no JSON"}, "InvalidRequestContentException", id="no-json"
        ),
    ],
)
def test_what_cannot_be_invoked_is_refused_as_lambda_does(
    aws_lambda: Any, given: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        aws_lambda.invoke(**given)

    assert refused.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="unsigned"),
        pytest.param({"Authorization": "Bearer token"}, id="a-bearer"),
        pytest.param(SIGNED | {"Host": "evil.example"}, id="a-name-that-was-made-to-lead-here"),
        pytest.param(SIGNED | {"Host": "127.0.0.1.evil.example:3000"}, id="a-name-like-ours"),
    ],
)
def test_what_a_page_of_elsewhere_could_send_finds_no_such_route(
    client: httpx.Client, headers: dict[str, str]
) -> None:
    answer = client.post(PATH, headers=headers, content="{}")

    assert (answer.status_code, answer.json()) == (404, {"error": "not_found"})


def test_a_browser_is_not_told_that_it_may_send_a_signature(client: httpx.Client) -> None:
    asking = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }

    answer = client.options(PATH, headers=asking)

    assert answer.status_code == 404
    assert "access-control-allow-headers" not in answer.headers
