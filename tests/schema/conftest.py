"""The local gateway for calls that a machine makes up, and whom it may call as."""

from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from tests.issuers import CLIENT, Issuer, served_from
from tests.local_gateway import RunningGateway, running_gateway
from tests.schema.callers import Caller, Callers

# The calls come by the thousand, and from one address.
PARAMETERS = dict.fromkeys(
    ("FailuresPerAccountAndNetwork", "FailuresPerAccount", "FailuresPerNetwork"), 100_000
)


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    """Another issuer, which the gateway trusts."""
    with served_from(tmp_path_factory.mktemp("issuer")) as made:
        yield made


@pytest.fixture(scope="module")
def gateway(ministack: str, issuer: Issuer) -> Iterator[RunningGateway]:
    trust = {"TrustedIssuers": f"{issuer.name} {CLIENT}", "AutoProvision": "enabled"}
    with running_gateway(
        parameters={**PARAMETERS, **trust},
        environment={"AWS_ENDPOINT_URL": ministack},
        arguments=["--stack", "schema", "--quiet"],
    ) as running:
        yield running


@pytest.fixture(scope="module")
def callers(gateway: RunningGateway, issuer: Issuer) -> Iterator[Callers]:
    with httpx.Client(base_url=gateway.base_url, timeout=30) as http:
        yield Callers(http, issuer)


@pytest.fixture(scope="module")
def caller(request: pytest.FixtureRequest, callers: Callers) -> Caller:
    """Who calls in this test, by the name of a method of `Callers`."""
    chosen: Caller = getattr(callers, request.param)
    return chosen


@pytest.fixture(scope="module")
def answered(request: pytest.FixtureRequest) -> Iterator[Counter[tuple[str, int]]]:
    """How often each operation gave each status; every one that was called has also succeeded."""
    counted: Counter[tuple[str, int]] = Counter()
    yield counted
    if request.session.testsfailed:
        return  # and there is something better to read
    called = {operation for operation, _ in counted}
    succeeded = {operation for operation, status in counted if status < 300}
    assert called == succeeded, f"never succeeded, so hardly tried: {sorted(called - succeeded)}"
