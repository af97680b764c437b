"""Exchanges in every order with what ends their user: a token opens one session, which no end spares."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.interleavings import exchanges as ex
from tests.interleavings import mutants_of_exchange as mutants
from tests.interleavings import schedules
from tests.interleavings.exchange_oracle import judge
from tests.interleavings.operations import GRANT, REVOKE, SKEWS, Operations, by_clocks, named
from tests.interleavings.scenario import Fault, Scenario
from tests.interleavings.test_mutants import before_the_store, in_the_store
from tests.interleavings.world import Build


@pytest.fixture(autouse=True)
def tokens_are_verified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rescind.flows.exchange.verify_subject_token", ex.verify_subject_token_once)


def scenario(operations: Operations, *faults: Fault, build: Build | None = None) -> Scenario:
    return Scenario(operations, faults, tables=ex.of_another_issuer, build=build or Build())


@pytest.fixture
def explore(record_property: Callable[[str, object], None]) -> Callable[[Scenario], schedules.Explored]:
    def explore_and_check(scenario: Scenario) -> schedules.Explored:
        explored = schedules.explore(scenario, judge)
        record_property("schedules", explored.schedules)
        record_property("runs", explored.runs)
        for end in explored.ends:
            assert not end.complaints, f"{end.complaints} after {end.steps}: {end.answers}"
        return explored

    return explore_and_check


Explore = Callable[[Scenario], schedules.Explored]


@pytest.mark.parametrize("operations", ex.PAIRS, ids=named)
def test_an_exchange_and_another_operation_do_each_other_no_harm_whatever_their_clocks(
    explore: Explore, operations: Operations
) -> None:
    explore(scenario(operations))
    for skew in SKEWS:
        explore(scenario(by_clocks(operations, (skew, -skew))))


@pytest.mark.parametrize("operation", [*ex.EXCHANGES, *ex.ENDINGS[:2]], ids=lambda each: each.name)
def test_one_call_of_an_exchange_that_fails_does_no_harm(explore: Explore, operation: Any) -> None:
    explore(replace(scenario((operation,), *Fault), keys_may_fail=True))


@pytest.mark.proof
@pytest.mark.parametrize("operations", ex.PAIRS, ids=named)
def test_one_call_of_an_exchange_and_another_operation_that_fails_does_no_harm(
    explore: Explore, operations: Operations
) -> None:
    explore(scenario(operations, *Fault))


@dataclass(frozen=True)
class Mutant:
    name: str
    operations: Operations
    complaint: str
    build: Build = field(default_factory=Build)
    patches: tuple[tuple[str, Any], ...] = ()


EXCHANGE = "rescind.flows.exchange"
MUTANTS = [
    Mutant(
        "sessions-ended-before-the-login",
        (ex.EXCHANGE, ex.LOGOUT_OF_LOGIN),
        "logout-there says that it is done, and ses_a",
        patches=(("tests.interleavings.exchanges.end_login", mutants.ends_the_sessions_first),),
    ),
    Mutant(
        "used-token-apart-from-the-session",
        (ex.EXCHANGE, ex.EXCHANGE),
        "one token has opened two sessions",
        before_the_store("logins", mutants.OpensInTwoSteps, in_the_store("logins", mutants.LoginsOfTwoSteps)),
    ),
    Mutant(
        "login-unread-once-the-session-is-written",
        (ex.EXCHANGE, ex.LOGOUT_OF_LOGIN),
        "logout-there says that it is done, and ses_a",
        patches=((f"{EXCHANGE}._has_ended", mutants.looks_no_more),),
    ),
    Mutant(
        "version-of-the-moment",
        (ex.EXCHANGE, REVOKE),
        "ses_a",
        in_the_store("logins", mutants.WritesTheVersionOfTheMoment),
    ),
    Mutant(
        "grant-on-any-revision",
        (ex.EXCHANGE_THAT_GRANTS, GRANT),
        "the admin granted orders:read admin, and the user has",
        in_the_store("logins", mutants.GrantsWhateverTheRevision),
    ),
    Mutant(
        "link-taken-over",
        (ex.EXCHANGE_OF_NEW, ex.EXCHANGE_OF_NEW_TOO),
        "one user of the issuer is two users here",
        in_the_store("accounts", mutants.TakesTheLinkOver),
    ),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_slightly_wrong_exchange_is_caught(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    for target, replacement in mutant.patches:
        monkeypatch.setattr(target, replacement)

    explored = schedules.explore(scenario(mutant.operations, build=mutant.build), judge)

    complaints = {complaint for end in explored.ends for complaint in end.complaints}
    assert any(mutant.complaint in complaint for complaint in complaints), complaints
