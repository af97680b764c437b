"""What tests of more than one folder share: the log, and AWS in four forms, made only when a test asks."""

import functools
import io
import os
import secrets
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws

from rescind import audit, sdk
from rescind_local.deploy.emulator import running_emulator
from tests.tables import Stores, create_tables, fake_stores, stores_on

if TYPE_CHECKING:  # The fixtures with SAM import what they need: most runs are without.
    from tests.deployed.stack import Cloud, DeployedStack
    from tests.journeys.gateways import Gateway
    from tests.sam_local.running import SamLocal
    from tests.sam_local.sam import RunningApi


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
    with running_emulator() as emulator:
        emulator.wait()
        yield emulator.endpoint


@pytest.fixture(scope="session")
def say(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Shows how long work comes along, though pytest keeps what tests print."""

    def line_by_line(line: str) -> None:
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n  {line}", flush=True)  # noqa: T201 - as above

    return line_by_line


@pytest.fixture(scope="session")
def cloud(say: Callable[[str], None]) -> Iterator["Cloud"]:
    """A ministack of its own that runs what is deployed to it."""
    from tests.deployed.stack import emulated_aws

    with emulated_aws(say) as emulated:
        yield emulated


@pytest.fixture(scope="session")
def deployed(cloud: "Cloud") -> "DeployedStack":
    """What `make build` has built, deployed by SAM CLI; with the accounts that journeys log in to."""
    from tests.deployed.gateway import add_accounts
    from tests.journeys.gateways import PARAMETERS

    stack = cloud.stack("rescind-deployed")
    stack.deploy(parameters=PARAMETERS)
    add_accounts(stack)
    return stack


@pytest.fixture(scope="session")
def deployed_gateway(deployed: "DeployedStack") -> "Gateway":
    from tests.deployed.gateway import gateway_of

    return gateway_of(deployed)


@pytest.fixture(scope="session")
def sam_local(say: Callable[[str], None]) -> Iterator["SamLocal"]:
    """What `make build` has built, for `sam local`; with a store that its containers reach."""
    from tests.sam_local import running

    if missing := running.what_is_missing():
        # With the engine of .ci/docker nothing may be left out.
        (pytest.fail if os.environ.get("DOCKER_ANSWERS") else pytest.skip)(missing)
    with running.sam_local_here(say) as here:
        yield here


@pytest.fixture(scope="session")
def sam_local_api(sam_local: "SamLocal") -> Iterator["RunningApi"]:
    from tests.sam_local import running

    with running.api_of(sam_local) as api:
        yield api


@pytest.fixture(scope="session")
def sam_local_gateway(sam_local: "SamLocal", sam_local_api: "RunningApi") -> "Gateway":
    from tests.sam_local import running

    return running.gateway_of(sam_local, sam_local_api)


@functools.cache
def _client(endpoint: str | None) -> Any:
    """Made once: it takes longer than most tests. `endpoint` is the one of the environment at that time."""
    del endpoint
    return sdk.client("dynamodb")


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
