"""A table is gone: every route that needs it says "not now", and none says "not you"."""

from typing import Any

import boto3
import httpx
import pytest

from tests.journeys.conftest import Client
from tests.local_gateway import running_gateway
from tests.things import PASSWORD

STACK = "short-lived"


def drop(logical_id: str) -> None:
    resources = boto3.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    [table] = [each["PhysicalResourceId"] for each in resources if each["LogicalResourceId"] == logical_id]
    boto3.client("dynamodb").delete_table(TableName=table)


def is_not_now(answer: httpx.Response) -> bool:
    body: dict[str, Any] = answer.json()
    return (answer.status_code, body["error"]) == (503, "temporarily_unavailable") and (
        answer.headers["Retry-After"] == "1"
    )


@pytest.mark.proof
def test_without_its_table_of_sessions_nobody_is_refused(
    ministack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {"AWS_ENDPOINT_URL": ministack}
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    with running_gateway(
        environment=environment, arguments=["--stack", STACK], parameters={"Environment": "development"}
    ) as gateway:
        client = Client(gateway.base_url)
        tokens, service = client.log_in(), client.log_in("admin")
        assert client.me(tokens["access_token"]).status_code == 200

        drop("SessionsTable")

        assert is_not_now(client.me(tokens["access_token"]))
        assert is_not_now(client.refresh(tokens["refresh_token"]))
        body = {"username": "demo", "password": PASSWORD}
        assert is_not_now(client.ask("POST", "/auth/login", json=body))
        asked = {"token": tokens["access_token"]}
        assert is_not_now(client.ask("POST", "/oauth/introspect", bearer=service["access_token"], form=asked))
        assert is_not_now(client.ask("POST", "/oauth/revoke", form={"token": tokens["refresh_token"]}))
