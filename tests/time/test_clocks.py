"""Clocks that are off by 5 s, and clocks that step: who is logged out stays so, and nobody else is."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import pytest

from tests import requests
from tests.endings import ENDINGS, KINDS, Ends
from tests.requests import Answer, Call
from tests.sandbox import Sandbox
from tests.service import accepts, hash_cheaply, log_in, refreshes, service_on_fakes
from tests.things import NOW, PASSWORD

OFF = (-5, 0, 5)
every_kind = pytest.mark.parametrize("kind", [*KINDS, "admin-disabled"])


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_cheaply(monkeypatch)


@dataclass(frozen=True)
class AfterAnEnding:
    """One clock issued tokens and another ended them; then all hosts were asked for what was ended."""

    status: int
    let_in: list[bool]
    """Which of the dead tokens were good for something, at whatever host."""
    alive: list[Answer]
    """The tokens that nobody has ended."""
    hosts: list[Sandbox]
    revoker: Sandbox


def endings(kind: str) -> Iterator[AfterAnEnding]:
    """With every clock at the one who issues, and at the one who ends."""
    service, ending = service_on_fakes(), ENDINGS[kind]
    hosts = [service.sandbox(clock_off=off) for off in OFF]
    for issuer, revoker in product(hosts, repeat=2):
        who, bystander = service.new_person(), service.new_person()
        here, there, others = (log_in(issuer, each) for each in (who, who, bystander))
        answer = revoker.ask(ending.call(who, here, there))
        everything = ending.ends is Ends.EVERYTHING
        let_in = []
        for host in hosts:
            let_in += [accepts(host, tokens) for tokens in ([here, there] if everything else [here])]
            let_in += [] if ending.ends is Ends.TOKEN else [refreshes(host, here)]
            let_in += [refreshes(host, there)] if everything else []
        alive = [others] if everything else [others, there]
        if "access_token" in answer.body:
            alive.append(answer)
        if ending.password:
            alive.append(log_in(issuer, who, ending.password))
        yield AfterAnEnding(answer.status, let_in, alive, hosts, revoker)


@every_kind
def test_whatever_the_clocks_what_was_ended_is_dead_to_all_at_once(kind: str) -> None:
    after = list(endings(kind))

    assert {each.status for each in after} == {200}
    assert not any(let_in for each in after for let_in in each.let_in)


@every_kind
def test_whatever_the_clocks_nobody_else_is_logged_out(kind: str) -> None:
    for after in endings(kind):
        for tokens in after.alive:
            assert all(accepts(host, tokens) for host in after.hosts)
            assert refreshes(after.revoker, tokens)


@pytest.mark.parametrize("clocks", list(product(OFF, repeat=3)), ids=str)
def test_whoever_refreshes_after_whom_an_honest_user_stays_logged_in(clocks: tuple[int, ...]) -> None:
    service = service_on_fakes()
    first, *others = (service.sandbox(clock_off=off) for off in clocks)
    tokens = log_in(first, service.new_person())

    for host in (*others, first):
        used, tokens = tokens, host.ask(requests.refresh(tokens.refresh_token))

        assert tokens.status == 200
        assert all(accepts(each, tokens) for each in (first, *others))
        # A second tab, which was a moment later.
        again = first.ask(requests.refresh(used.refresh_token))
        assert again.body["refresh_token"] == tokens.refresh_token


@pytest.mark.parametrize("seconds", list(product((-1, 0), repeat=5)), ids=str)
def test_a_second_that_comes_twice_or_a_clock_that_steps_back_by_one_changes_nothing(
    seconds: tuple[int, ...],
) -> None:
    service = service_on_fakes()
    sandbox, who = service.sandbox(), service.new_person()
    at = iter(seconds)

    def next_request(call: Call) -> Answer:
        service.clock.now = NOW + next(at)
        return sandbox.ask(call)

    first = next_request(requests.log_in(who, PASSWORD))
    second = next_request(requests.refresh(first.refresh_token))
    everywhere = next_request(requests.log_out_by_bearer(second, everywhere=True))
    third = next_request(requests.log_in(who, PASSWORD))
    fourth = next_request(requests.refresh(third.refresh_token))

    assert {each.status for each in (first, second, everywhere, third, fourth)} == {200}
    for second_asked in (NOW - 1, NOW, NOW + 1):
        service.clock.now = second_asked
        assert not any(accepts(sandbox, tokens) for tokens in (first, second))
        assert not refreshes(sandbox, second)
        assert all(accepts(sandbox, tokens) for tokens in (third, fourth))
    assert refreshes(sandbox, fourth)
