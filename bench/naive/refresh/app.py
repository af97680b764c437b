"""The naive refresh: verify the token, read the session, write that it was used, sign; reuse goes unseen."""

import json
import os
import time
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from tokens import pair, verified

logger = Logger(service="naive")
tracer = Tracer(service="naive", patch_modules=["boto3"])
metrics = Metrics(namespace="Naive", service="naive")
_sessions = boto3.resource("dynamodb").Table(os.environ["SESSIONS_TABLE"])


@metrics.log_metrics
@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's form
    claims = verified(json.loads(event["body"])["refresh_token"])
    key = {"user_id": claims["sub"], "session_id": claims["sid"]}
    if "Item" not in _sessions.get_item(Key=key, ConsistentRead=True):
        return {"statusCode": 401, "headers": {}, "body": "{}"}
    _sessions.update_item(
        Key=key, UpdateExpression="SET used_at = :now", ExpressionAttributeValues={":now": int(time.time())}
    )
    metrics.add_metric(name="Refresh", unit=MetricUnit.Count, value=1)
    return {"statusCode": 200, "headers": {}, "body": json.dumps(pair(claims["sub"], claims["sid"]))}
