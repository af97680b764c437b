"""The measurement of the bound, against an API whose revocations take as long as a test says."""

import time
from dataclasses import dataclass, field, replace

import pytest

from prove_on_aws import bound
from prove_on_aws.api import Api, Reply
from prove_on_aws.people import People, Somebody
from prove_on_aws.steps import NotAsPromisedError
from rescind.flows.end import stated_bound
from rescind.settings import RevocationCheck
from rescind.unavailable import UnavailableError
from rescind_cli.checks.findings import Outcome
from tests.things import SETTINGS


@dataclass
class Late(Api):
    """Lets the token in for so long after its logout."""

    lets_in_for: float = 0.0
    silent: bool = False
    revoked_at: float = field(default=float("inf"))

    revoked: str = "session"

    def reply(self, method: str, path: str, **_: object) -> Reply:
        del method
        self.asked += 1
        if path == "/auth/login":
            return Reply(200, {}, {"access_token": "token"})
        if path == "/auth/logout":
            self.revoked_at = time.monotonic()
            return Reply(200, {}, {"revoked": self.revoked})
        after = time.monotonic() - self.revoked_at
        if self.silent and after > 0:
            return Reply(503, {}, {})
        return Reply(200 if after <= self.lets_in_for else 401, {}, {})


class _Nobody(People):
    def somebody(self) -> Somebody:
        return Somebody("usr_x", "prove-x", "secret")


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bound, "_BEFORE_SECONDS", 0.05)
    monkeypatch.setattr(bound, "_QUIET_SECONDS", 0.1)
    monkeypatch.setattr(bound, "_SHORTEST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(bound, "LATE_SECONDS", 0.3)


def one_round(api: Api, *, stated: int = 0) -> bound.Round:
    people = _Nobody(stack=None, api=api, made=[], left=[])  # type: ignore[arg-type] # nobody is made
    [found] = bound.rounds(api, people, bound=stated, number=1, clients=3)
    return found


def test_a_token_that_is_refused_at_once_holds_the_bound_of_0() -> None:
    found = one_round(Late("", lets_in_for=0))

    assert not found.late
    assert found.requests > 10
    assert bound.finding([found]).outcome is Outcome.OK


def test_a_token_that_gets_through_after_the_bound_is_late_by_as_much() -> None:
    found = one_round(Late("", lets_in_for=0.2))

    assert found.late
    assert 0.1 < found.delay_seconds < 0.4
    assert bound.finding([found]).outcome is Outcome.FAULT


@pytest.mark.proof
def test_a_token_that_gets_through_within_the_bound_is_not_late() -> None:
    found = one_round(Late("", lets_in_for=0.2), stated=1)

    assert not found.late
    assert 0.1 < found.delay_seconds < 0.4


@pytest.mark.proof
def test_a_token_that_never_dies_is_late_and_the_measurement_ends() -> None:
    assert one_round(Late("", lets_in_for=float("inf"))).late


def test_a_logout_that_ends_nothing_is_no_measurement() -> None:
    with pytest.raises(NotAsPromisedError, match="ended nothing"):
        one_round(Late("", revoked="nothing"))


@pytest.mark.proof
def test_no_answers_prove_nothing() -> None:
    with pytest.raises(UnavailableError, match="no answers"):
        one_round(Late("", silent=True))


@pytest.mark.parametrize(
    ("check", "delay", "stated"), [("strict", 0, 0), ("strict", 10, 15), ("feed", 1, 11), ("feed", 10, 20)]
)
def test_the_bound_is_the_one_that_the_stack_states(check: str, delay: int, stated: int) -> None:
    settings = {
        "revocation_check": check,
        "revocation_delay_seconds": delay,
        "authorizer_timeout_seconds": 5,
    }

    assert bound.bound_of(settings) == stated
    ours = replace(
        SETTINGS,
        revocation_check=RevocationCheck(check),
        revocation_delay_seconds=delay,
        authorizer_timeout_seconds=5,
    )
    assert stated == stated_bound(ours)
