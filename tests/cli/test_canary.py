"""The canary, over HTTP on a local gateway, as `rescind canary` asks for it."""

import json
from collections.abc import Iterator

import pytest

from rescind_cli.errors import CommandError, Exit
from rescind_cli.stack import Stack
from tests.cli.conftest import Rescind
from tests.local_gateway import RunningGateway, running_gateway

DELAY_SECONDS, AUTHORIZER_SECONDS = 2, 5


def lines(gateway: RunningGateway) -> list[dict[str, object]]:
    return [json.loads(line) for line in gateway.output().splitlines() if line.startswith("{")]


def test_without_a_cache_nothing_gets_through_after_the_logout(
    rescind: Rescind, gateway: RunningGateway
) -> None:
    said = rescind("canary")

    assert (said.code, said.out) == (0, "The token was refused at once after its logout; 0 s are stated.\n")
    *_, measured, deleted = (line for line in lines(gateway) if line.get("actor") == "canary")
    assert (measured["message"], deleted["message"]) == ("CanaryMeasured", "UserDeleted")
    assert rescind("users", "show", str(measured["user_id"])).code == 3, "the user is gone"


@pytest.fixture(scope="module")
def with_a_cache(ministack: str) -> Iterator[RunningGateway]:
    with running_gateway(
        parameters={"RevocationDelaySeconds": DELAY_SECONDS},
        environment={"AWS_ENDPOINT_URL": ministack},
        arguments=["--stack", "cached"],
    ) as running:
        yield running


# It waits out the bound, as tests/journeys/test_cached_authorizer.py does.
@pytest.mark.proof
def test_with_a_cache_a_token_gets_through_within_the_bound(with_a_cache: RunningGateway) -> None:
    measured = Rescind(with_a_cache.port).document("canary")

    assert measured["bound_seconds"] == DELAY_SECONDS + AUTHORIZER_SECONDS
    assert 0 < measured["delay_seconds"] <= DELAY_SECONDS + 1
    assert measured["late"] is False


@pytest.mark.parametrize(
    ("delay", "bound", "word"),
    [(0.0, 0, "The token"), (1.2, 7, "The last"), (7.001, 7, "LATE"), (0.2, 0, "LATE")],
)
def test_what_was_measured_is_said_and_late_is_an_exit_code(
    rescind: Rescind, monkeypatch: pytest.MonkeyPatch, delay: float, bound: int, word: str
) -> None:
    measured = {"delay_seconds": delay, "bound_seconds": bound, "late": delay > bound}
    monkeypatch.setattr(Stack, "invoke", lambda *_: measured)

    for_people, for_scripts = rescind("canary"), rescind("canary", "--json")

    assert for_people.code == for_scripts.code == (1 if word == "LATE" else 0)
    assert for_people.out.startswith(word)
    assert for_scripts.document == measured


def test_a_canary_that_failed_is_said_in_one_line(rescind: Rescind, monkeypatch: pytest.MonkeyPatch) -> None:
    def failed(*_: object) -> None:
        raise CommandError("CanaryFunction failed: login answered 503.", Exit.UNAVAILABLE)

    monkeypatch.setattr(Stack, "invoke", failed)

    assert (rescind("canary").code, rescind("canary").out) == (4, "")
