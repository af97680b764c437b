"""A deployed stack on ministack, and whatever an operator's credentials are asked for on the way to it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from rescind_cli import stack as stack_module
from rescind_local.deploy.template import read_template
from tests.tables import TEMPLATE

CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
OUTPUTS = {
    "ApiUrl": {"Fn::Sub": "https://${Api}.execute-api.us-east-1.amazonaws.com/prod"},
    "AdminFunctionName": {"Ref": "AdminFunction"},
    "KeysFunctionName": {"Ref": "KeysFunction"},
    # Not every template has a canary; the command wants to know where it would be.
    "CanaryFunctionName": {"Ref": "AdminFunction"},
}
_BUCKET = "templates-of-tests"
_WANTED = {
    "AWS::ApiGateway::RestApi",
    "AWS::DynamoDB::Table",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Lambda::Alias",
    "AWS::Lambda::Function",
    "AWS::Lambda::Version",
}


def deploy(name: str, endpoint: str, *, outputs: Mapping[str, Any], parameters: Sequence[str] = ()) -> None:
    """Our template, as far as `rescind` looks at it, and without code: what would run is another matter."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_DEFAULT_REGION", CREDENTIALS["region_name"])  # SAM's translator wants one
        template = read_template(TEMPLATE, parameters)
    resources: dict[str, Any] = {
        logical: json.loads(json.dumps(resource))
        for logical, resource in template.resources.items()
        if resource["Type"] in _WANTED
    }
    for resource in resources.values():
        properties = resource["Properties"]
        properties.pop("Description", None)  # It may name what the keys function answers.
        if resource["Type"] == "AWS::Lambda::Function":
            properties |= {
                "Code": {"ZipFile": "def handler(*_): ..."},
                "Handler": "index.handler",
            }
            properties.pop("Layers", None)
            variables = properties["Environment"]["Variables"]
            # As CloudFormation does, and its emulator does not.
            properties["Environment"]["Variables"] = {
                setting: str(value) if isinstance(value, int) else value
                for setting, value in variables.items()
            }
        if resource["Type"] == "AWS::ApiGateway::RestApi":
            properties["Body"]["paths"] = {}
            properties["Body"].pop("x-amazon-apigateway-gateway-responses", None)
            [scheme] = properties["Body"]["components"]["securitySchemes"].values()
            # What the local gateway reads has no aliases; what is deployed has.
            [function] = scheme["x-amazon-apigateway-authorizer"]["authorizerUri"]["Fn::Sub"][1].values()
            function["Ref"] = f"{function.pop('Fn::GetAtt')[0]}Aliaslive"
    body = {
        "Parameters": {parameter: {"Type": "String"} for parameter in template.values},
        "Conditions": template.conditions,
        "Resources": resources,
        "Outputs": {output: {"Value": value} for output, value in outputs.items()},
    }
    # Over 51,200 bytes a template is taken from S3 only, as SAM gives it.
    s3 = boto3.client("s3", endpoint_url=endpoint, **CREDENTIALS)
    s3.create_bucket(Bucket=_BUCKET)
    s3.put_object(Bucket=_BUCKET, Key=name, Body=json.dumps(body).encode())
    cloudformation = boto3.client("cloudformation", endpoint_url=endpoint, **CREDENTIALS)
    cloudformation.create_stack(
        StackName=name,
        TemplateURL=f"{endpoint}/{_BUCKET}/{name}",
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in template.values.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )


@dataclass
class Calls:
    """What the command asks of AWS, in IAM's words; and what it may not."""

    made: set[str] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)
    invoke_at: str = ""
    """Where functions really run; a stack on ministack has none that do."""

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def session(**given: Any) -> boto3.Session:
            made = boto3.Session(**given)
            made.events.register("before-call", self._before)
            return made

        # The module, not boto3's own: that one is for the tests.
        monkeypatch.setattr(stack_module, "boto3", SimpleNamespace(Session=session))

    def _before(self, model: Any, params: dict[str, Any], **_: Any) -> tuple[Any, Any] | None:
        service = model.service_model.signing_name
        action = f"{service}:{'GET' if service == 'apigateway' else model.name}".replace(
            "lambda:Invoke", "lambda:InvokeFunction"
        )
        self.made.add(action)
        if action in self.forbidden:
            said = {"Error": {"Code": "AccessDeniedException", "Message": "no"}, "ResponseMetadata": {}}
            return SimpleNamespace(status_code=403), said
        if action == "lambda:InvokeFunction" and self.invoke_at:
            function = "AdminFunction"
            params["url"] = f"{self.invoke_at}/2015-03-31/functions/{function}/invocations"
        return None
