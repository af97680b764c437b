"""The naive login: read the user, verify the password, put a session, sign. No throttling, no limit."""

import json
import os
import time
import uuid
from typing import Any

import boto3
from argon2 import PasswordHasher
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from tokens import pair

logger = Logger(service="naive")
tracer = Tracer(service="naive", patch_modules=["boto3"])
metrics = Metrics(namespace="Naive", service="naive")
_dynamodb = boto3.resource("dynamodb")
_credentials = _dynamodb.Table(os.environ["CREDENTIALS_TABLE"])
_sessions = _dynamodb.Table(os.environ["SESSIONS_TABLE"])
_hasher = PasswordHasher()


@metrics.log_metrics
@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's form
    body = json.loads(event["body"])
    user = _credentials.get_item(Key={"username": body["username"]}, ConsistentRead=True)["Item"]
    _hasher.verify(user["password_hash"], body["password"])
    session_id = uuid.uuid4().hex
    _sessions.put_item(
        Item={"user_id": user["user_id"], "session_id": session_id, "created_at": int(time.time())}
    )
    metrics.add_metric(name="Login", unit=MetricUnit.Count, value=1)
    return {"statusCode": 200, "headers": {}, "body": json.dumps(pair(user["user_id"], session_id))}
