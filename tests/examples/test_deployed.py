"""The REST API of examples/rest-api, built and deployed by SAM CLI as a stack beside that of Rescind."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.deployed.stack import Cloud, DeployedStack
from tests.examples.attached import EXAMPLES
from tests.things import PASSWORD
from tests.what_was_built import LAMBDA_PYTHON, SAM

pytestmark = pytest.mark.sam


@dataclass(frozen=True)
class Api:
    """An API by its address on the emulator, and the name that it is asked by there."""

    address: str
    host: str

    def ask(self, method: str, path: str, access_token: str = "", *, body: object = None) -> httpx.Response:
        headers = {"Host": self.host, "Authorization": f"Bearer {access_token}"}
        if not access_token:
            del headers["Authorization"]
        url = f"{self.address}/prod{path}"
        return httpx.request(method, url, headers=headers, content=json.dumps(body), timeout=30)


@pytest.fixture(scope="module")
def orders(deployed: DeployedStack, tmp_path_factory: pytest.TempPathFactory) -> Api:
    folder = tmp_path_factory.mktemp("rest-api")
    source = shutil.copytree(EXAMPLES / "rest-api", folder / "source")
    template = source / "template.yaml"
    # Its parameters are set where their defaults are: the emulator's SAM reads no others.
    text = template.read_text(encoding="utf-8")
    template.write_text(
        text.replace("Default: rescind\n", f"Default: {deployed.name}\n").replace(
            "Default: /rescind/", f"Default: /{deployed.name}/"
        ),
        encoding="utf-8",
    )
    stack = deployed.cloud.stack("orders")
    stack.deploy(build=build(template, deployed.cloud, into=folder / "build"))
    return api_of(stack)


def build(template: Path, cloud: Cloud, *, into: Path) -> Path:
    """By `sam build`, as the example's page says."""
    with pytest.MonkeyPatch.context() as here:
        here.setenv("PATH", f"{LAMBDA_PYTHON.parent}{os.pathsep}{os.environ['PATH']}")
        cloud.run([str(SAM), "build", "--template", str(template), "--build-dir", str(into)])
    return into


def api_of(stack: DeployedStack) -> Api:
    port = urlsplit(stack.cloud.endpoint).port
    return Api(f"http://127.0.0.1:{port}", f"{stack.resources()['Api']}.execute-api.localhost:{port}")


@pytest.fixture
def rescind(deployed: DeployedStack) -> Api:
    return api_of(deployed)


def log_in(rescind: Api) -> str:
    answer = rescind.ask("POST", "/auth/login", body={"username": "demo", "password": PASSWORD})
    return str(answer.raise_for_status().json()["access_token"])


def test_a_token_opens_your_api_until_it_is_taken_back(orders: Api, rescind: Api) -> None:
    assert orders.ask("GET", "/orders").status_code == 401

    token = log_in(rescind)
    me = rescind.ask("GET", "/auth/me", token).json()
    answer = orders.ask("GET", "/orders", token)
    assert answer.status_code == 200
    assert answer.json() == {"user_id": me["user_id"], "plan": None, "orders": []}

    assert rescind.ask("POST", "/auth/logout", token, body={}).status_code == 200

    refused = orders.ask("GET", "/orders", token)
    assert (refused.status_code, refused.json()) == (401, {"error": "invalid_token"})
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_a_route_that_takes_a_scope_refuses_a_caller_without_it(orders: Api, rescind: Api) -> None:
    refused = orders.ask("POST", "/orders", log_in(rescind), body={"item": "tea"})

    assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")
