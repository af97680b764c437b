"""A mixed load on the local gateway while faults come and go: no revocation is lost, nobody is logged out."""

import os
import random
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from rescind_local.deploy.emulator import running_emulator
from tests.faults.proxy import Proxy, running_proxy
from tests.load.asking import GRACE_SECONDS
from tests.load.load import Load
from tests.load.memory import MINISTACK, growth_of_the_warm
from tests.load.model import Finding
from tests.load.report import table
from tests.load.weather import Weather
from tests.local_gateway import RunningGateway, running_gateway

pytestmark = pytest.mark.ministack

PARAMETERS = {
    "AccessTokenSeconds": 3600,  # No token expires meanwhile, so no refusal has that excuse.
    "RefreshGraceSeconds": GRACE_SECONDS,
    # A login that is not answered may leave a session behind that nobody holds: none is to push out another.
    "MaxSessionsPerUser": 100,
    # The same for a failure that could not be given back.
    "FailuresPerAccountAndNetwork": 100_000,
    "FailuresPerAccount": 100_000,
    "FailuresPerNetwork": 100_000,
}
# In the second half of the long run, of a process that was warm by then. The gateway is asked thousands of
# times meanwhile, and so is the first sandbox of the authorizer: to keep a KiB of each would show.
LARGEST_GROWTH_KIB = 3 * 1024


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """In front of a ministack of its own, and quiet."""
    with running_emulator() as running:
        running.wait()
        with running_proxy(running.endpoint) as made:
            yield made


@pytest.fixture
def gateway(proxy: Proxy) -> Iterator[RunningGateway]:
    environment = {"AWS_ENDPOINT_URL": proxy.endpoint}
    with running_gateway(parameters=PARAMETERS, environment=environment) as running:
        yield running


@pytest.mark.parametrize(
    ("clients", "seconds"),
    [
        pytest.param(8, 9, id="short", marks=pytest.mark.proof),
        pytest.param(32, 180, id="soak", marks=pytest.mark.soak),
    ],
)
def test_under_load_and_faults_every_answer_is_right_and_no_revocation_is_lost(
    proxy: Proxy,
    gateway: RunningGateway,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    *,
    clients: int,
    seconds: int,
) -> None:
    """SEED=... throws the same dice again; the threads take turns as they like."""
    seed = int(os.environ.get("SEED", secrets.randbits(32)))
    dice = random.Random(seed)  # noqa: S311 - when and what, not secrets

    def say(line: str) -> None:
        with capsys.disabled():
            print(line, flush=True)  # noqa: T201 - it takes minutes

    say(f"\nload: {clients} clients for {seconds} s, SEED={seed}")
    weather = Weather(proxy, random.Random(dice.random()))  # noqa: S311 - as above
    load = Load(gateway.port, gateway.process.pid, weather, dice, say, clients)

    load.run(seconds)

    say(table(load))
    log = tmp_path / "gateway.log"
    log.write_text(gateway.output(), encoding="utf-8")
    assert not load.tally.traces(), "\n".join([*load.tally.traces(), f"The gateway's log: {log}"])
    assert load.tally.many(Finding.LOST) == load.tally.many(Finding.WRONG) == 0
    assert load.weather.faults.total() > 0
    if seconds > 60:
        grown = growth_of_the_warm(load.half, load.end)
        leaking = {
            process: kib
            for process, kib in grown.items()
            if kib > LARGEST_GROWTH_KIB and process.role != MINISTACK
        }
        assert leaking == {}
