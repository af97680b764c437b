"""A service whose clock a test moves: its tables, its people, and as many sandboxes as are wanted."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any

import pytest

from rescind.rules import passwords
from rescind.rules.key_set import KeyEntry, Purpose
from tests import requests
from tests.deployment import deployed
from tests.flows.key_service import OpenKms, key_pair
from tests.functions.conftest import WEAK, WEAK_HASH
from tests.people import Person, new_person
from tests.requests import Answer, Call
from tests.sandbox import Clock, Sandbox
from tests.tables import Stores, fake_stores
from tests.things import MAC_KEY, NOW, PASSWORD, SETTINGS

HOUR = 3600
# As high as they may be set.
LONGEST_TOKENS = {"ACCESS_TOKEN_SECONDS": "3600", "LEEWAY_SECONDS": "60"}


@dataclass
class Service:
    stores: Stores
    given: Mapping[str, Any] = field(default_factory=dict)
    """What no sandbox need build, by the names of `wiring`."""
    environment: Mapping[str, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)

    def sandbox(self, *, clock_off: float = 0, environment: Mapping[str, str] | None = None) -> Sandbox:
        environment = {**self.environment, **(environment or {})}
        return Sandbox(self.clock, clock_off, environment, self.given)

    def new_person(self) -> Person:
        return new_person(self.stores, password_hash=WEAK_HASH)


def hash_cheaply(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing would take longer than all else."""
    monkeypatch.setattr(passwords, "_hasher", lambda _: WEAK)


def service_on_fakes() -> Service:
    """All the handlers, with a key of each kind, on tables in memory: a call takes a millisecond."""
    stores = fake_stores()
    public, private = key_pair(0)
    for purpose, entry in {
        Purpose.ACCESS_TOKEN: KeyEntry("kid-of-the-fakes", 0, private, public),
        Purpose.REFRESH_TOKEN: KeyEntry(MAC_KEY.key_id, 0, MAC_KEY.secret),
    }.items():
        stores.key_sets.replace(stores.key_sets.read(purpose), (entry,))
    built = {each.name: getattr(stores, each.name) for each in fields(stores)}
    return Service(stores, {**built, "key_service": OpenKms(), "settings": SETTINGS})


@contextmanager
def service_on(endpoint: str) -> Iterator[Service]:
    """On the tables and the KMS of an emulator; its keys were published two hours ago."""
    with pytest.MonkeyPatch.context() as process, deployed(endpoint) as deployment:
        hash_cheaply(process)
        service = Service(deployment.stores, environment={**deployment.environment, **LONGEST_TOKENS})
        service.clock.now = NOW - 2 * HOUR
        service.sandbox().ask(requests.tend_keys())
        service.clock.now = NOW
        yield service


@dataclass(frozen=True)
class Meanwhile:
    """What has happened in an hour in which a sandbox was not awake."""

    of_the_new_key: Answer
    of_the_revoked_key: Answer
    logged_out: Answer


def an_hour(service: Service) -> Meanwhile:
    """Keys take over, the ones before are revoked, a session ends: elsewhere."""
    elsewhere, who = service.sandbox(), service.new_person()
    current = [service.stores.key_sets.read(purpose).entries[0].key_id for purpose in Purpose]
    elsewhere.ask(Call("keys", {"rotate": "now"}))
    service.clock.now += 600
    of_the_revoked_key = log_in(elsewhere, who)
    service.clock.now += 200
    of_the_new_key, logged_out = log_in(elsewhere, who), log_in(elsewhere, who)
    service.clock.now += 1000
    for key_id in current:
        elsewhere.ask(Call("keys", {"revoke": key_id}))
    elsewhere.ask(requests.log_out(logged_out.refresh_token))
    service.clock.now += 1800
    return Meanwhile(of_the_new_key, of_the_revoked_key, logged_out)


def log_in(sandbox: Sandbox, who: Person, password: str = PASSWORD) -> Answer:
    tokens = sandbox.ask(requests.log_in(who, password))
    assert tokens.status == 200, tokens
    return tokens


def accepts(sandbox: Sandbox, tokens: Answer) -> bool:
    """Whether the authorizer lets the access token through."""
    return _yes_or_no(sandbox.ask(requests.ask_authorizer(tokens)))


def refreshes(sandbox: Sandbox, tokens: Answer) -> bool:
    """Whether the refresh token is good for others."""
    return _yes_or_no(sandbox.ask(requests.refresh(tokens.refresh_token)))


def _yes_or_no(answer: Answer) -> bool:
    assert answer.status in {200, 401}, answer
    return answer.status == 200
