"""The naive logout: verify the refresh token, delete its session."""

import json
import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from tokens import verified

logger = Logger(service="naive")
tracer = Tracer(service="naive", patch_modules=["boto3"])
metrics = Metrics(namespace="Naive", service="naive")
_sessions = boto3.resource("dynamodb").Table(os.environ["SESSIONS_TABLE"])


@metrics.log_metrics
@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's form
    claims = verified(json.loads(event["body"])["refresh_token"])
    _sessions.delete_item(Key={"user_id": claims["sub"], "session_id": claims["sid"]})
    metrics.add_metric(name="Logout", unit=MetricUnit.Count, value=1)
    return {"statusCode": 200, "headers": {}, "body": "{}"}
