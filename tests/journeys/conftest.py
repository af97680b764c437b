"""A client that holds every answer to the contract, and the gateways that it asks: see gateways.py."""

import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests import contract
from tests.journeys.aws import gateway_on_aws
from tests.journeys.gateways import (
    GATEWAYS,
    PARAMETERS,
    Gateway,
    Mend,
    as_it_came,
    expect_what_is_not_done,
    log_lines,
)
from tests.journeys.inside import Inside, inside_of
from tests.local_gateway import running_gateway
from tests.things import PASSWORD

_TLS = ssl.create_default_context()  # made once: httpx would for each call, and uses none


@dataclass(frozen=True)
class Client:
    """Asks over HTTP; every answer is held to docs/openapi.yaml."""

    base_url: str
    host: str = ""
    """Whom it says it asks, where that is another name than in `base_url`."""
    renames: bool = True
    """As `Gateway.renames`: an answer is held to the contract as if it had been renamed."""
    mend: Mend = as_it_came

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
        if self.host:
            sent["Host"] = self.host
        if bearer is not None:
            sent["Authorization"] = f"Bearer {bearer}"
        came = httpx.request(
            method,
            self.base_url + path,
            headers=sent,
            content=content,
            data=form,
            timeout=30,
            verify=_TLS,
            **_body(json),
        )
        answer = self.mend(came)
        received = answer.headers if self.renames else _renamed(answer.headers)
        contract.check(method, path, answer.status_code, received, answer.content)
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


def client_of(gateway: Gateway) -> Client:
    return Client(gateway.base_url, gateway.host, gateway.renames, gateway.mend)


def _renamed(headers: httpx.Headers) -> httpx.Headers:
    """As API Gateway hands on what a function says; what it says itself has no Vary, and keeps its name."""
    renamed = httpx.Headers(headers)
    if "Vary" in renamed and "WWW-Authenticate" in renamed:
        renamed["x-amzn-Remapped-WWW-Authenticate"] = renamed.pop("WWW-Authenticate")
    return renamed


def _body(json: object) -> dict[str, Any]:
    return {} if json is None else {"json": json}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    expect_what_is_not_done(items)


@pytest.fixture(scope="session", params=GATEWAYS)
def gateway(request: pytest.FixtureRequest) -> Gateway:
    """Each in its turn, as far as the run has chosen it by `-m`."""
    chosen: Gateway = request.getfixturevalue(f"{request.param}_gateway")
    return chosen


@pytest.fixture(scope="session")
def local_gateway(ministack: str) -> Iterator[Gateway]:
    """Served as `make run` does."""
    with running_gateway(parameters=PARAMETERS, environment={"AWS_ENDPOINT_URL": ministack}) as running:
        yield Gateway(
            name="local",
            host=f"127.0.0.1:{running.port}",
            address=("127.0.0.1", running.port),
            stage="",
            endpoint=ministack,
            stack="local",
            log=lambda: log_lines(running.output().splitlines()),
        )


@pytest.fixture(scope="session")
def aws_gateway() -> Gateway:
    """A stack on real AWS, of scripts/prove-on-aws."""
    return gateway_on_aws(os.environ)


@pytest.fixture
def client(gateway: Gateway) -> Client:
    return client_of(gateway)


@pytest.fixture
def admin(client: Client) -> str:
    """The access token of the seeded admin."""
    return str(client.log_in("admin")["access_token"])


@pytest.fixture
def inside(gateway: Gateway) -> Inside:
    return inside_of(gateway.endpoint, gateway.stack)
