"""A stack on real AWS as a gateway of the journeys: scripts/prove-on-aws names it, and made its accounts."""

import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import boto3

from tests.journeys.gateways import Gateway, log_lines

# CloudWatch Logs has a line some seconds after it is written.
_LOG_SECONDS = 20


def gateway_on_aws(environment: Mapping[str, str]) -> Gateway:
    """By the credentials of the environment."""
    stack, url = environment["RESCIND_PROVE_STACK"], urlsplit(environment["RESCIND_PROVE_API"])
    host, account = url.hostname or "", boto3.client("sts").get_caller_identity()["Account"]
    began = time.time()
    return Gateway(
        name="aws",
        host=host,
        address=(host, 443),
        stage=url.path,
        endpoint="",
        stack=stack,
        log=lambda: log_lines(_refusals(stack, since=began)),
        scheme="https",
        owner=f"{account}:{environment['AWS_DEFAULT_REGION']}",
    )


def _refusals(stack: str, *, since: float) -> list[str]:
    [found] = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}
    time.sleep(_LOG_SECONDS)
    pages = (
        boto3.client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=outputs["LogGroupName"],
            startTime=int(since * 1000),
            filterPattern='{ $.message = "AccessDenied" }',
        )
    )
    events = [event for page in pages for event in page["events"]]
    return [event["message"] for event in sorted(events, key=lambda event: event["timestamp"])]
