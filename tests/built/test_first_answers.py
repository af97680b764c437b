"""Each function in a new sandbox, as Lambda starts it: how long that takes, and that its answer is right."""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rescind import authorizer_wiring, wiring
from rescind.rules.key_set import Purpose
from tests import issuers, requests
from tests.built.builds import Build
from tests.built.emulator import ColdStart, Emulator, emulator_of
from tests.built.served_api import served
from tests.deployment import Deployment, deployed
from tests.faults.held import a_new_session
from tests.functions.api_in_process import ApiInProcess
from tests.functions.conftest import REAL, Stack, add_keys, forget_wiring
from tests.issuers import CLIENT, Issuer
from tests.people import new_person
from tests.requests import Call
from tests.template import NAMES
from tests.things import PASSWORD, SIGNING_KEY
from tests.what_was_built import SAM

pytestmark = pytest.mark.sam

# What a function behind a route answers that does what it is asked for.
STATUSES = {"admin": 201, "preflight": 204}


@dataclass(frozen=True)
class Stage:
    """A deployment, and the way to start its functions from what was built."""

    deployment: Deployment
    emulator: Emulator
    build: Build
    issuer: Issuer
    environment: dict[str, str]
    logs: Path

    def cold_start(self, call: Call, *, layer: Path | None = None) -> ColdStart:
        return self.emulator.cold_start(
            call,
            task=self.build.function(call.function),
            layer=layer or self.build.layer,
            environment=self.environment,
            log=self.logs / call.function,
        )

    def to_be_granted(self, function: str) -> Call:
        """A request of a person whom no other function has seen."""
        who = new_person(self.deployment.stores, password_hash=REAL.hash(PASSWORD))
        held, row = a_new_session(who.user_id, now=int(time.time()))
        self.deployment.stores.sessions.put(row)
        return requests.to_be_granted(function, who, held.tokens, self.issuer)


@pytest.fixture(scope="module")
def stage(ministack: str, here: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    emulator = emulator_of(SAM, tmp_path_factory.mktemp("runtime"))
    with deployed(ministack) as deployment:
        forget_wiring()
        add_keys(deployment.stores, deployment.environment["KMS_KEY_ID"])
        # While the environment says where it is.
        wiring.dynamodb(), authorizer_wiring.reads()
        with served(ApiInProcess(Stack(deployment.stores).invoke)) as api_url, issuers.served() as site:
            at = {"AWS_ENDPOINT_URL": ministack, "API_URL": api_url}
            trust = {"TRUSTED_ISSUERS": f"{site.issuer.name} {CLIENT}", "AUTO_PROVISION": "enabled"}
            environment = {**deployment.environment, **at, **trust}
            logs = tmp_path_factory.mktemp("logs")
            yield Stage(deployment, emulator, here, site.issuer, environment, logs)
        forget_wiring()


@pytest.mark.parametrize("function", NAMES)
def test_the_first_answer_of_a_new_sandbox_is_the_right_one(
    stage: Stage, function: str, measured: dict[str, list[str]]
) -> None:
    start = stage.cold_start(stage.to_be_granted(function))

    lines = measured.setdefault("Cold starts", [f"{'':12}{'INIT':>9}{'first answer':>16}"])
    lines.append(f"{function:12}{start.init_ms:6.0f} ms{start.invoke_ms:13.0f} ms")
    assert_granted(function, start.answer)


def assert_granted(function: str, answer: dict[str, Any]) -> None:
    match function:
        case "authorizer":
            [statement] = answer["policyDocument"]["Statement"]
            assert statement["Effect"] == "Allow", answer
        case "keys":
            assert answer.keys() == {purpose.value for purpose in Purpose}
        case "canary":
            assert answer["late"] is False, answer
        case _:
            assert answer["statusCode"] == STATUSES.get(function, 200), answer
    if function == "exchange":
        assert json.loads(answer["body"])["refresh_token"]
    if function == "jwks":
        assert SIGNING_KEY.kid in {key["kid"] for key in json.loads(answer["body"])["keys"]}


def test_a_layer_without_what_is_compiled_would_start_more_slowly(
    stage: Stage, tmp_path: Path, measured: dict[str, list[str]]
) -> None:
    source_only = tmp_path / "python"
    shutil.copytree(stage.build.layer, source_only, ignore=shutil.ignore_patterns("__pycache__"))

    def milliseconds(layer: Path) -> float:
        start = stage.cold_start(stage.to_be_granted("authorizer"), layer=layer)
        return start.init_ms + start.invoke_ms

    # The better of two, as the machine may be busy meanwhile.
    took = min(milliseconds(stage.build.layer) for _ in range(2))
    would_take = min(milliseconds(source_only) for _ in range(2))
    measured["Cold start of the authorizer"] = [
        f"{took:.0f} ms as shipped",
        f"{would_take:.0f} ms were nothing compiled: {would_take / took:.1f} times that",
    ]
    assert would_take > took
