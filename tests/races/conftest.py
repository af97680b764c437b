"""A deployment on ministack, fifty sandboxes that serve it, and the dice."""

import os
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.deployment import deployed
from tests.issuers import CLIENT, Issuer, served_from
from tests.races.race import Race
from tests.races.sandboxes import Sandboxes, running_sandboxes
from tests.tables import Stores


@dataclass(frozen=True)
class Deployment:
    sandboxes: Sandboxes
    stores: Stores
    issuer: Issuer


@pytest.fixture(scope="session")
def deployment(ministack: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    log = tmp_path_factory.mktemp("races") / "log"
    with deployed(ministack) as made:
        of_sandboxes = dict(os.environ)
    with served_from(tmp_path_factory.mktemp("issuer")) as issuer:
        of_sandboxes |= {"TRUSTED_ISSUERS": f"{issuer.name} {CLIENT}", "AUTO_PROVISION": "enabled"}
        # The environment is the sandboxes' own: other tests of this run have other tables.
        with running_sandboxes(of_sandboxes, log) as sandboxes:
            yield Deployment(sandboxes, made.stores, issuer)


@pytest.fixture
def race(deployment: Deployment) -> Iterator[Race]:
    """What it prints is shown when a test fails; SEED=... throws the same dice again."""
    seed = int(os.environ.get("SEED", secrets.randbits(32)))
    dice = random.Random(seed)  # noqa: S311 - when, not secrets
    race = Race(deployment.sandboxes, deployment.stores, dice, deployment.issuer)
    print(f"SEED={seed}")  # noqa: T201 - shown when the test fails
    yield race
    asked = race.answers.total()
    print(f"{race.rounds} rounds, {asked} racing requests, {race.answers[503]} of them 503")  # noqa: T201


@pytest.fixture(
    params=[
        pytest.param(1, id="short"),
        pytest.param(10, id="proof", marks=pytest.mark.proof),
        pytest.param(40, id="soak", marks=pytest.mark.soak),
    ],
)
def lengths(request: pytest.FixtureRequest) -> int:
    """How many times the rounds of a short run."""
    times: int = request.param
    return times
