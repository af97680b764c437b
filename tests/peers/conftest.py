"""The local gateway, for clients that were not written here."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.local_gateway import RunningGateway, running_gateway
from tests.things import PASSWORD

STACK = "peers"
ISSUER = f"urn:rescind:000000000000:us-east-1:{STACK}"


@dataclass(frozen=True)
class Service:
    """Where the endpoints are, as one would tell a client."""

    base_url: str

    @property
    def revocation_endpoint(self) -> str:
        return f"{self.base_url}/oauth/revoke"

    @property
    def introspection_endpoint(self) -> str:
        return f"{self.base_url}/oauth/introspect"

    @property
    def jwks_uri(self) -> str:
        return f"{self.base_url}/.well-known/jwks.json"

    def log_in(self, username: str) -> dict[str, Any]:
        body = {"username": username, "password": PASSWORD}
        answer = httpx.post(f"{self.base_url}/auth/login", json=body, timeout=30)
        tokens: dict[str, Any] = answer.raise_for_status().json()
        return tokens

    def lets_in(self, access_token: str) -> bool:
        headers = {"Authorization": f"Bearer {access_token}"}
        return httpx.get(f"{self.base_url}/auth/me", headers=headers, timeout=30).status_code == 200


@pytest.fixture(scope="session")
def gateway(ministack: str) -> Iterator[RunningGateway]:
    with running_gateway(
        environment={"AWS_ENDPOINT_URL": ministack}, arguments=["--stack", STACK, "--quiet"]
    ) as running:
        yield running


@pytest.fixture
def service(gateway: RunningGateway) -> Service:
    return Service(gateway.base_url)
