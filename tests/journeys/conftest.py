"""The local gateway, served as `make run` does, and a client that holds every answer to the contract."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import httpx
import pytest

from rescind import aws
from rescind.keyring import Keyring
from rescind.keys import KeyService
from rescind.store.key_set import KeySets
from rescind.store.sessions import Sessions
from rescind.store.users import Users
from tests import contract
from tests.local_gateway import RunningGateway, running_gateway
from tests.things import PASSWORD

ORIGIN = "https://app.example.com"
MAX_SESSIONS = 5
_TLS = ssl.create_default_context()  # made once: httpx would for each call, and uses none


@dataclass(frozen=True)
class Client:
    """Asks over HTTP; every answer is held to docs/openapi.yaml."""

    base_url: str

    def ask(
        self,
        method: str,
        path: str,
        *,
        bearer: str | None = None,
        json: object = None,
        form: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        sent = httpx.Headers(headers or {})
        if bearer is not None:
            sent["Authorization"] = f"Bearer {bearer}"
        answer = httpx.request(
            method,
            self.base_url + path,
            headers=sent,
            content=content,
            data=form,
            timeout=30,
            verify=_TLS,
            **_body(json),
        )
        contract.check(method, path, answer.status_code, answer.headers, answer.content)
        return answer

    def log_in(self, username: str = "demo", password: str = PASSWORD) -> dict[str, Any]:
        answer = self.ask("POST", "/auth/login", json={"username": username, "password": password})
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    def refresh(self, refresh_token: str) -> httpx.Response:
        return self.ask("POST", "/auth/refresh", json={"refresh_token": refresh_token})

    def me(self, bearer: str) -> httpx.Response:
        return self.ask("GET", "/auth/me", bearer=bearer)


def _body(json: object) -> dict[str, Any]:
    return {} if json is None else {"json": json}


@dataclass(frozen=True)
class Inside:
    """The tables and keys behind the gateway, for what no route does alone."""

    users: Users
    sessions: Sessions
    keyring: Keyring
    dynamodb: Any
    tables: dict[str, str]


@pytest.fixture(scope="session")
def gateway(ministack: str) -> Iterator[RunningGateway]:
    with running_gateway(
        parameters={"AllowedOrigins": ORIGIN, "MaxSessionsPerUser": MAX_SESSIONS},
        environment={"AWS_ENDPOINT_URL": ministack},
    ) as running:
        yield running


@pytest.fixture
def client(gateway: RunningGateway) -> Client:
    return Client(gateway.base_url)


@pytest.fixture
def admin(client: Client) -> str:
    """The access token of the seeded admin."""
    return str(client.log_in("admin")["access_token"])


@pytest.fixture
def inside(ministack: str, monkeypatch: pytest.MonkeyPatch, gateway: RunningGateway) -> Inside:
    del gateway  # it has made the tables
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    cloudformation = boto3.client("cloudformation")
    resources = cloudformation.describe_stack_resources(StackName="local")["StackResources"]
    names = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}
    dynamodb, kms = aws.client("dynamodb"), aws.client("kms")
    return Inside(
        users=Users(dynamodb, table=names["UsersTable"]),
        sessions=Sessions(dynamodb, table=names["SessionsTable"]),
        keyring=Keyring(
            KeySets(dynamodb, table=names["KeysTable"]),
            KeyService(lambda: kms, kms_key_id=names["EncryptionKey"], stack="local"),
        ),
        dynamodb=dynamodb,
        tables=names,
    )
