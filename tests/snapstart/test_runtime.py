"""The functions as built, under Lambda's own runtime: snapshotted, restored hours later, asked at once."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests import requests
from tests.requests import Answer
from tests.service import HOUR, Meanwhile, Service, accepts, an_hour, log_in, refreshes, service_on
from tests.snapstart.credentials_server import CredentialsServer, running_credentials_server
from tests.snapstart.lambda_sandbox import LambdaSandbox, started
from tests.things import PASSWORD

HOURS = 6 * HOUR
ROUNDS = 2
Starts = Callable[..., AbstractContextManager[LambdaSandbox]]


pytestmark = [pytest.mark.sam, pytest.mark.ministack, pytest.mark.usefixtures("copies")]


@pytest.fixture
def service(ministack: str) -> Iterator[Service]:
    with service_on(ministack) as service:
        yield service


@pytest.fixture
def credentials() -> Iterator[CredentialsServer]:
    with running_credentials_server() as server:
        yield server


@pytest.fixture
def starts(service: Service, ministack: str, credentials: CredentialsServer, tmp_path: Path) -> Starts:
    environment = {
        **service.environment,
        **credentials.environment,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": ministack,
    }
    return partial(started, log=tmp_path / "log", environment=environment)


def ahead(service: Service) -> float:
    """By how much the service's clock is ahead of this machine's."""
    return service.clock.now - time.time()


def clocks(service: Service) -> dict[str, float]:
    """Of a sandbox that is restored when `hours_later` is over."""
    return {"clock_ahead": ahead(service), "clock_ahead_when_restored": ahead(service) + HOURS}


def hours_later(service: Service) -> Meanwhile:
    """The last of the hours is the one in which something has happened: what is of it has not expired."""
    service.clock.now += HOURS - HOUR
    return an_hour(service)


def test_two_sandboxes_of_one_snapshot_open_two_sessions_with_the_keys_of_today(
    service: Service, credentials: CredentialsServer, starts: Starts
) -> None:
    who = service.new_person()
    with starts("login", copies=2, **clocks(service)) as sandboxes:
        sandboxes.api.wait_for("restore/next")
        asked_before = len(credentials.handed_out)
        hours_later(service)
        answers = sandboxes.of_the_restored(*[requests.log_in(who, PASSWORD).event] * 2)

    assert asked_before == 0
    assert len(credentials.handed_out) >= 2, "they share credentials"
    one, other = (tokens_of(answer) for answer in answers)
    alike = {name for name in one.body if one.body[name] == other.body[name]}
    assert alike == {"token_type", "scope"} | {name for name in alike if name.endswith("expires_in")}
    elsewhere = service.sandbox()
    for tokens in (one, other):
        assert accepts(elsewhere, tokens)
        assert refreshes(elsewhere, tokens)


def test_an_authorizer_of_a_snapshot_of_hours_ago_knows_what_was_revoked_since(
    service: Service, starts: Starts
) -> None:
    with starts("authorizer", copies=3, **clocks(service)) as sandboxes:
        sandboxes.api.wait_for("restore/next")
        tokens = hours_later(service)
        asked = (tokens.of_the_new_key, tokens.of_the_revoked_key, tokens.logged_out)
        answers = sandboxes.of_the_restored(*[requests.ask_authorizer(each).event for each in asked])

    policies = [answer for answer in answers if "policyDocument" in answer]
    refusals = [answer["errorType"] for answer in answers if "errorType" in answer]
    assert [policy["context"]["sid"] for policy in policies] == [tokens.of_the_new_key.body["session_id"]]
    assert refusals == ["UnauthorizedError"] * 2


def test_a_restored_sandbox_whose_clock_stood_still_lets_nobody_in(service: Service, starts: Starts) -> None:
    tokens = log_in(service.sandbox(), service.new_person())
    stood_still = ahead(service)
    with starts("authorizer", clock_ahead=stood_still, clock_ahead_when_restored=stood_still) as sandboxes:
        sandboxes.api.clock_ahead = stood_still + HOURS
        [answer] = sandboxes.of_the_restored(requests.ask_authorizer(tokens).event)

    assert answer["errorType"] == "UnavailableError"
    assert "clock" in answer["errorMessage"]


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        pytest.param("package", "init/error: Runtime.ImportModuleError", id="package"),
        pytest.param("before", "init/error: Runtime.BeforeSnapshotError", id="before-the-snapshot"),
        pytest.param("after", "restore/error: Runtime.AfterRestoreError", id="after-the-restore"),
    ],
)
@pytest.mark.parametrize("function", ["authorizer", "login"])
def test_a_sandbox_whose_hook_fails_takes_no_request(
    starts: Starts, function: str, broken: str, says: str
) -> None:
    with starts(function, broken=broken) as sandbox:
        sandbox.api.restore()
        status = sandbox.ends_with()

    assert status != 0
    assert sandbox.api.said == (["restore/next", says] if broken == "after" else [says])


@pytest.mark.parametrize("function", ["authorizer", "login"])
def test_a_restore_adds_less_than_half_to_a_request_of_what_a_cold_start_adds(
    service: Service, starts: Starts, function: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of this machine's processes: what Lambda itself takes to restore a snapshot is not in it."""
    who = service.new_person()
    tokens = log_in(service.sandbox(), who)
    ask = {"authorizer": requests.ask_authorizer(tokens), "login": requests.log_in(who, PASSWORD)}[function]
    now = ahead(service)
    clock = {"clock_ahead": now, "clock_ahead_when_restored": now}

    took: dict[str, list[float]] = {"plain": [], "restored": [], "restored without hooks": [], "warm": []}
    for _ in range(ROUNDS):
        with starts(function, snap_start=False, **clock) as sandbox:
            sandbox.api.answers_to(ask.event)
            took["plain"].append(sandbox.api.at["response"] - sandbox.began)
        for name, hooks in {"restored without hooks": False, "restored": True}.items():
            with starts(function, hooks=hooks, **clock) as sandbox:
                sandbox.of_the_restored(ask.event)
                took[name].append(sandbox.api.at["response"] - sandbox.api.at["restored"])
                again = time.monotonic()
                sandbox.api.answers_to(ask.event)
                took["warm"].append(sandbox.api.at["response"] - again)

    best = {name: min(each) for name, each in took.items()}
    with capsys.disabled():
        shown = ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in best.items())
        print(f"\n{function}, until its first answer: {shown}")  # noqa: T201 - it is what was measured
    added = {name: seconds - best["warm"] for name, seconds in best.items()}
    assert added["restored"] < added["plain"] / 2
    assert added["restored"] < added["restored without hooks"]


def tokens_of(answer: dict[str, Any]) -> Answer:
    assert answer["statusCode"] == 200, answer
    return Answer(200, json.loads(answer["body"]), answer["headers"])
