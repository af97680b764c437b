"""A sandbox that Lambda freezes for an hour: what it kept is old, and so are its connections."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests import requests
from tests.requests import Answer
from tests.sandbox import Sandbox
from tests.service import Service, accepts, an_hour, log_in, refreshes, service_on
from tests.time.relay import Loss, Relay, running_relay


@pytest.fixture
def service(ministack: str) -> Iterator[Service]:
    with service_on(ministack) as service:
        yield service


@pytest.fixture
def relay(ministack: str) -> Iterator[Relay]:
    with running_relay(ministack) as relay:
        yield relay


@pytest.mark.ministack
@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(
    ("asks", "how"),
    [
        pytest.param(accepts, Loss.CLOSED, id="authorizer-closed"),
        pytest.param(accepts, Loss.RESET, id="authorizer-reset"),
        pytest.param(refreshes, Loss.RESET, id="refresh-reset"),
    ],
)
def test_a_sandbox_frozen_for_an_hour_answers_right_at_once(
    service: Service, relay: Relay, asks: Callable[[Sandbox, Answer], bool], how: Loss
) -> None:
    # Each is the first thing that its sandbox is asked when it wakes.
    questions = {"of_the_new_key": True, "of_the_revoked_key": False, "logged_out": False}
    frozen = {name: service.sandbox(environment={"AWS_ENDPOINT_URL": relay.endpoint}) for name in questions}
    before = log_in(service.sandbox(), service.new_person())
    assert all(asks(sandbox, before) for sandbox in frozen.values())

    meanwhile = an_hour(service)
    assert relay.lose(how) >= len(frozen)

    answers = {name: asks(sandbox, getattr(meanwhile, name)) for name, sandbox in frozen.items()}
    assert answers == questions


@pytest.mark.ministack
@pytest.mark.usefixtures("no_waiting")
def test_a_login_at_a_sandbox_frozen_for_an_hour_gives_tokens_of_the_new_keys(
    service: Service, relay: Relay
) -> None:
    frozen = service.sandbox(environment={"AWS_ENDPOINT_URL": relay.endpoint})
    who = service.new_person()
    log_in(frozen, who)

    an_hour(service)
    assert relay.lose(Loss.RESET) >= 1

    tokens, elsewhere = log_in(frozen, who), service.sandbox()
    assert accepts(elsewhere, tokens)
    assert refreshes(elsewhere, tokens)


@pytest.mark.ministack
def test_a_connection_that_nobody_remembers_after_an_hour_costs_no_time(
    service: Service, relay: Relay
) -> None:
    frozen = service.sandbox(environment={"AWS_ENDPOINT_URL": relay.endpoint})
    accepts(frozen, log_in(service.sandbox(), service.new_person()))
    meanwhile = an_hour(service)
    assert relay.lose(Loss.SILENT) == 1

    began = time.monotonic()
    first = frozen.ask(requests.ask_authorizer(meanwhile.of_the_new_key))
    took = time.monotonic() - began

    assert first.status == 200
    assert took < 1, "it was waited for"
    assert accepts(frozen, meanwhile.of_the_new_key)
    assert not accepts(frozen, meanwhile.of_the_revoked_key)
    assert not accepts(frozen, meanwhile.logged_out)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the tries of the SDK."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
