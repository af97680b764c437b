"""A deployment on ministack, fifty sandboxes that serve it, and the dice."""

import os
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from rescind import aws
from tests.functions.conftest import set_environment
from tests.races.race import Race
from tests.races.sandboxes import Sandboxes, running_sandboxes
from tests.tables import Stores, create_tables, stores_on

TABLES = ("Credentials", "Users", "Sessions", "Blocklist", "Attempts", "Keys")


@dataclass(frozen=True)
class Deployment:
    sandboxes: Sandboxes
    stores: Stores


@pytest.fixture(scope="session")
def deployment(ministack: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    log = tmp_path_factory.mktemp("races") / "log"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", ministack)
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        dynamodb, prefix = aws.client("dynamodb"), f"{secrets.token_hex(4)}-"
        create_tables(dynamodb, prefix=prefix)
        set_environment(environment, aws.client("kms").create_key()["KeyMetadata"]["KeyId"])
        for table in TABLES:
            environment.setenv(f"{table.upper()}_TABLE", prefix + table)
        of_sandboxes = dict(os.environ)
    # The environment is the sandboxes' own: other tests of this run have other tables.
    with running_sandboxes(of_sandboxes, log) as sandboxes:
        yield Deployment(sandboxes, stores_on(dynamodb, prefix=prefix))


@pytest.fixture
def race(deployment: Deployment) -> Iterator[Race]:
    """What it prints is shown when a test fails; SEED=... throws the same dice again."""
    seed = int(os.environ.get("SEED", secrets.randbits(32)))
    race = Race(deployment.sandboxes, deployment.stores, random.Random(seed))  # noqa: S311 - when, not secrets
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
