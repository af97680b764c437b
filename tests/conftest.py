"""What tests of more than one folder share: the log, and AWS in four forms, made only when a test asks."""

import functools
import io
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto import mock_aws

from rescind import audit, aws
from rescind_local.deploy.emulator import running_emulator
from tests.deployed.gateway import add_accounts, gateway_of
from tests.deployed.stack import Cloud, DeployedStack, emulated_aws
from tests.journeys.gateways import PARAMETERS, Gateway
from tests.tables import Stores, create_tables, fake_stores, stores_on


@pytest.fixture(autouse=True)
def credentials_that_open_nothing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.get_closest_marker("aws"):
        return  # Only there are they to open something.
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.fixture(scope="session")
def ministack() -> Iterator[str]:
    """The endpoint of a ministack on loopback: a DynamoDB whose writes are atomic under threads."""
    with running_emulator() as running:
        running.wait()
        yield running.endpoint


@pytest.fixture(scope="session")
def cloud(request: pytest.FixtureRequest) -> Iterator[Cloud]:
    """A ministack of its own that runs what is deployed to it."""

    def say(line: str) -> None:
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n  {line}", flush=True)  # noqa: T201 - long work shows progress

    with emulated_aws(say) as running:
        yield running


@pytest.fixture(scope="session")
def deployed(cloud: Cloud) -> DeployedStack:
    """What `make build` has built, deployed by SAM CLI; with the accounts that journeys log in to."""
    stack = cloud.stack("rescind-deployed")
    stack.deploy(parameters=PARAMETERS)
    add_accounts(stack)
    return stack


@pytest.fixture(scope="session")
def deployed_gateway(deployed: DeployedStack) -> Gateway:
    return gateway_of(deployed)


@functools.cache
def _client(endpoint: str | None) -> Any:
    """Made once: it takes longer than most tests. `endpoint` is the one of the environment at that time."""
    del endpoint
    return aws.client("dynamodb")


@pytest.fixture
def moto_client() -> Iterator[Any]:
    with mock_aws():
        yield _client(None)


@pytest.fixture
def ministack_client(ministack: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    return _client(ministack)


@pytest.fixture(
    params=["fake", "moto", pytest.param("ministack", marks=pytest.mark.ministack)],
)
def stores(request: pytest.FixtureRequest) -> Stores:
    """Empty stores, three times: on the fake, on moto and on ministack."""
    if request.param == "fake":
        return fake_stores()
    client = request.getfixturevalue(f"{request.param}_client")
    prefix = f"{secrets.token_hex(4)}-"
    create_tables(client, prefix=prefix)
    return stores_on(client, prefix=prefix)


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """All that was written to the log and as metrics; the logger holds on to the stdout of its first day."""
    log = io.StringIO()
    monkeypatch.setattr(audit.logger.registered_handler, "stream", log)
    return lambda: log.getvalue() + capsys.readouterr().out
