"""Creates the template's tables and keys through CloudFormation, which also resolves functions' settings."""

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from rescind_local.account import CREDENTIALS, REGION
from rescind_local.deploy.intrinsics import filled, intrinsics, key
from rescind_local.deploy.template import Template
from rescind_local.errors import StartError

# The gateway itself stands for the rest of the template: functions, roles, schedules, the API.
_CREATED = ("AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::KMS::Alias")
_PATIENCE_SECONDS = 30


class Stack:
    """The stack once it exists: physical names by resource, answers by intrinsic function."""

    def __init__(self, name: str, arn: str, answers: Mapping[str, str], tables: int, keys: int) -> None:
        self.name = name
        self.arn = arn
        self.tables = tables
        self.keys = keys
        self._answers = answers

    def resolved(self, value: Any) -> Any:
        return filled(value, self._answers)


def create_stack(name: str, template: Template, wanted: Iterable[Any], endpoint: str) -> Stack:
    """Creates the stack, or updates the one of that name; `wanted` is what `resolved` will be asked for."""
    resources = {
        logical: resource for logical, resource in template.resources.items() if resource["Type"] in _CREATED
    }
    outputs = {key(intrinsic): {"Value": intrinsic} for value in wanted for intrinsic in intrinsics(value)}
    body = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {parameter: {"Type": "String"} for parameter in template.values},
        "Conditions": template.conditions,
        # CloudFormation wants at least one resource, and this one costs nothing.
        "Resources": resources or {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}},
        "Outputs": {f"Value{number}": output for number, output in enumerate(outputs.values())},
    }
    try:
        created = _created(name, json.dumps(body), template.values, endpoint)
        if created["StackStatus"] not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            reason = created.get("StackStatusReason", created["StackStatus"])
            raise StartError(f"CloudFormation could not create the stack: {reason}")
        _set_ttl(name, resources, endpoint)
    except (BotoCoreError, ClientError) as error:
        raise StartError(f"{endpoint}: {error}") from error
    values = {output["OutputKey"]: output["OutputValue"] for output in created.get("Outputs", [])}
    kinds = [resource["Type"] for resource in resources.values()]
    return Stack(
        name,
        created["StackId"],
        {intrinsic: values[f"Value{number}"] for number, intrinsic in enumerate(outputs)},
        tables=kinds.count("AWS::DynamoDB::Table"),
        keys=kinds.count("AWS::KMS::Key"),
    )


def _created(name: str, body: str, values: Mapping[str, str], endpoint: str) -> dict[str, Any]:
    cloudformation = _client("cloudformation", endpoint)
    order = {
        "StackName": name,
        "TemplateBody": body,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
    }
    try:
        cloudformation.create_stack(**order)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AlreadyExistsException":
            raise
        _update(cloudformation, order)
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while True:
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        if not stack["StackStatus"].endswith("_IN_PROGRESS") or time.monotonic() > give_up:
            return stack
        time.sleep(0.02)


def _update(cloudformation: Any, order: Mapping[str, Any]) -> None:
    try:
        cloudformation.update_stack(**order)
    except ClientError as error:
        if "No updates" not in error.response["Error"]["Message"]:
            raise


def _set_ttl(name: str, resources: Mapping[str, Any], endpoint: str) -> None:
    """By hand, because ministack's CloudFormation leaves it out."""
    dynamodb = _client("dynamodb", endpoint)
    cloudformation = _client("cloudformation", endpoint)
    for logical, resource in resources.items():
        wanted = resource.get("Properties", {}).get("TimeToLiveSpecification")
        if not wanted:
            continue
        found = cloudformation.describe_stack_resource(StackName=name, LogicalResourceId=logical)
        table = found["StackResourceDetail"]["PhysicalResourceId"]
        state = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        if state.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
            dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=wanted)


def _client(service: str, endpoint: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        config=Config(connect_timeout=5, read_timeout=_PATIENCE_SECONDS, retries={"total_max_attempts": 1}),
        **CREDENTIALS,
    )
