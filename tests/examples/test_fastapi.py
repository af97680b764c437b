"""The service of examples/fastapi as a process of its own, beside a running stack."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from rescind.testing import LocalIssuer, a_caller
from tests.examples.attached import EXAMPLES
from tests.local_gateway import RunningGateway, running_gateway
from tests.things import PASSWORD

STACK = "fastapi"
ISSUER = f"urn:rescind:000000000000:us-east-1:{STACK}"
pytestmark = pytest.mark.proof


@dataclass(frozen=True)
class Service:
    url: str

    def status(self, path: str, access_token: str | None = None, *, method: str = "GET") -> int:
        headers = {} if access_token is None else {"Authorization": f"Bearer {access_token}"}
        return httpx.request(method, self.url + path, headers=headers, timeout=30).status_code


@pytest.fixture(scope="module")
def stack(ministack: str) -> Iterator[RunningGateway]:
    environment = {"AWS_ENDPOINT_URL": ministack}
    with running_gateway(environment=environment, arguments=["--stack", STACK, "--quiet"]) as running:
        yield running


@pytest.fixture(scope="module")
def service(stack: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(stack.base_url, tmp_path_factory.mktemp("service") / "log") as service:
        yield service


@contextmanager
def serving(api_url: str, log: Path, username: str = "admin") -> Iterator[Service]:
    """The example, started as its page says, on a free port."""
    settings = {
        "RESCIND_API_URL": api_url,
        "RESCIND_ISSUER": ISSUER,
        "RESCIND_AUDIENCE": STACK,
        "RESCIND_USERNAME": username,
        "RESCIND_PASSWORD": PASSWORD,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "service:app", "--host", "127.0.0.1", "--port", "0"],
            cwd=EXAMPLES / "fastapi",
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Service(_address(process, log))
    finally:
        process.terminate()
        process.wait(timeout=10)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up and process.poll() is None:
        if running := re.search(r"running on (http://127\.0\.0\.1:\d+)", log.read_text(encoding="utf-8")):
            return running[1]
        time.sleep(0.02)
    raise AssertionError(log.read_text(encoding="utf-8"))


def log_in(stack: RunningGateway, username: str = "demo") -> str:
    body = {"username": username, "password": PASSWORD}
    answer = httpx.post(f"{stack.base_url}/auth/login", json=body, timeout=30)
    return str(answer.raise_for_status().json()["access_token"])


def log_out(stack: RunningGateway, access_token: str) -> None:
    headers = {"Authorization": f"Bearer {access_token}"}
    httpx.post(f"{stack.base_url}/auth/logout", headers=headers, json={}, timeout=30).raise_for_status()


def test_introspection_sees_that_a_token_was_taken_back_and_the_keys_do_not(
    stack: RunningGateway, service: Service
) -> None:
    token = log_in(stack)
    assert (service.status("/catalogue", token), service.status("/account", token)) == (200, 200)

    log_out(stack, token)

    assert (service.status("/catalogue", token), service.status("/account", token)) == (200, 401)


@pytest.mark.parametrize("path", ["/catalogue", "/account"])
def test_nobody_is_let_in_by_a_text_that_is_no_token_of_this_stack(
    stack: RunningGateway, service: Service, path: str
) -> None:
    token = log_in(stack)
    header, payload, signature = token.split(".")

    assert service.status(path) == 401
    assert service.status(path, "no.token") == 401
    assert service.status(path, "x" * 9000) == 401
    assert service.status(path, f"{header}.{payload[:-1]}.{signature}") == 401
    foreign = LocalIssuer(issuer=ISSUER, audience=STACK)
    assert service.status(path, foreign.access_token(a_caller())) == 401


def test_a_scope_is_asked_for_of_a_live_caller(stack: RunningGateway, service: Service) -> None:
    assert service.status("/orders", log_in(stack), method="POST") == 403


def test_it_logs_in_anew_when_its_own_token_was_taken_back(stack: RunningGateway, service: Service) -> None:
    token, admin = log_in(stack), log_in(stack, "admin")
    assert service.status("/account", token) == 200

    headers, everywhere = {"Authorization": f"Bearer {admin}"}, {"everywhere": True}
    httpx.post(f"{stack.base_url}/auth/logout", headers=headers, json=everywhere).raise_for_status()

    assert service.status("/account", token) == 200


def test_it_lets_nobody_in_when_it_cannot_ask(stack: RunningGateway, tmp_path: Path) -> None:
    token = log_in(stack)

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with serving(nowhere, tmp_path / "log") as cut_off:
            assert (cut_off.status("/catalogue", token), cut_off.status("/account", token)) == (503, 503)


def test_it_lets_nobody_in_when_it_may_not_ask(stack: RunningGateway, tmp_path: Path) -> None:
    token = log_in(stack)

    with serving(stack.base_url, tmp_path / "log", username="demo") as without_scope:
        assert without_scope.status("/account", token) == 503
