"""Time: rows that go late or early, clocks that are off, a frozen sandbox, inserted hours and seconds.

Everything here goes through the handlers of the functions.
"""

import ast
import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from rescind import aws, wiring
from rescind.model import BlockedToken
from rescind.rules.key_set import Purpose
from tests import requests
from tests.endings import ENDINGS, Ends, claims_of
from tests.functions.conftest import Stack, hasher, key_rows, moto, recorded, set_environment, stack
from tests.requests import Answer, Call
from tests.sandbox import Sandbox
from tests.service import Service, accepts, hash_cheaply, log_in, refreshes, service_on_fakes
from tests.tables import create_tables, stores_on
from tests.things import NOW, PASSWORD
from tests.time.relay import Loss, Relay, running_relay

__all__ = ["hasher", "key_rows", "moto", "stack"]

ROOT = Path(__file__).parents[2]
HOUR, DAY = 3600, 86_400
TABLES = ("Credentials", "Users", "Sessions", "Blocklist", "Attempts", "Keys")

# Both as high as they may be set; and sessions that end within the day.
LONGEST = {"ACCESS_TOKEN_SECONDS": "3600", "LEEWAY_SECONDS": "60"}
SHORT_SESSIONS = {"REFRESH_IDLE_SECONDS": "4400", "REFRESH_ABSOLUTE_SECONDS": "4400"}
# The tables with a TTL, and their keys.
OF_TOKENS = {"Sessions": ("user_id", "session_id"), "Blocklist": ("jti",)}
EXPIRING = {**OF_TOKENS, "Attempts": ("bucket",)}

OFF = (-5, 0, 5)
LATE_AT_MOST = 600


@pytest.fixture
def service(stack: Stack) -> Service:
    """On moto, which keeps every row until a test deletes it."""
    given = {"dynamodb": wiring.dynamodb(), "kms": wiring.kms()}
    return Service(stack.stores, given, {**LONGEST, **SHORT_SESSIONS})


def rows(table: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = wiring.dynamodb().scan(TableName=table)["Items"]
    return items


def ttls() -> list[int]:
    return [at for at, _, _ in expiring_rows()]


# Rows past their TTL that are still there


def test_an_expired_session_that_is_still_there_gives_no_tokens_and_its_tokens_are_dead(
    service: Service,
) -> None:
    sandbox = service.sandbox()
    tokens = log_in(sandbox, service.new_person())

    service.clock.now = max(ttls()) + 3 * DAY

    assert len(rows("Sessions")) == 1
    assert not accepts(sandbox, tokens)
    assert not refreshes(sandbox, tokens)


def test_an_ended_session_that_is_still_there_refuses_for_the_reason_it_ended(
    service: Service, written: Callable[[], str]
) -> None:
    sandbox = service.sandbox()
    tokens = log_in(sandbox, service.new_person())
    sandbox.ask(requests.log_out(tokens.refresh_token))
    written()

    # Before the session would have expired by itself.
    [service.clock.now] = [at for at, table, _ in expiring_rows() if table == "Sessions"]

    assert not refreshes(sandbox, tokens)
    assert '"reason":"session_ended"' in written()


def test_a_blocklist_entry_that_is_past_its_ttl_refuses_all_the_same(service: Service) -> None:
    sandbox = service.sandbox()
    tokens = log_in(sandbox, service.new_person())
    assert accepts(sandbox, tokens)

    # As a host would have written it whose clock is an hour behind.
    service.stores.blocklist.put(BlockedToken(claims_of(tokens)["jti"], None, "stolen", NOW, ttl=NOW - 1))

    assert not accepts(sandbox, tokens)


def test_failures_that_are_past_their_ttl_and_still_there_lock_nobody_out(service: Service) -> None:
    sandbox = service.sandbox(environment={"FAILURES_PER_ACCOUNT_AND_NETWORK": "2"})
    who = service.new_person()
    guesses = [sandbox.ask(requests.log_in(who, "guess")).status for _ in range(3)]
    counted = rows("Attempts")

    service.clock.now = max(ttls())

    assert guesses == [401, 401, 429]
    assert rows("Attempts") == counted
    assert sandbox.ask(requests.log_in(who, PASSWORD)).status == 200


# Rows deleted at their TTL


# One of each kind of write: what the others leave behind is the same.
KINDS = (
    "logout",
    "oauth-access-token",
    "admin-token-id",
    "logout-everywhere",
    "password-changed",
    "admin-deleted",
)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_go_in_the_second_of_their_ttl_bring_nothing_back(service: Service, kind: str) -> None:
    # The worst of clocks: tokens that live on, entries that go early, and somebody who sees neither.
    issuer, revoker, asked = (service.sandbox(clock_off=off) for off in (5, -5, -5))
    who, ending = service.new_person(), ENDINGS[kind]
    here, there = log_in(issuer, who), log_in(issuer, who)
    opened = service.stores.sessions.of_user(who.user_id)
    end = ending.call(who, here, there)
    assert revoker.ask(end).status == 200
    dead = [here, there] if ending.ends is Ends.EVERYTHING else [here]
    kept = {table: keys_of(table) for table in ("Users", "Credentials")}

    expiring, expired_to_all = expiring_rows(), claims_of(here)["exp"] + 60 + 5
    ends = [at for at, table, _ in expiring if table in OF_TOKENS]
    for second in sorted({at + off for at in (NOW, expired_to_all, *ends) for off in (-1, 0, 1)}):
        service.clock.now = second
        delete_what_is_due(expiring, second)
        if second < NOW + LATE_AT_MOST:
            for session in opened:  # Copies of the logins' writes, which the network has held up.
                service.stores.sessions.put(session)
        assert not any(accepts(asked, tokens) for tokens in dead), second
        assert ending.ends is Ends.TOKEN or not any(refreshes(asked, tokens) for tokens in dead), second

    assert expired_to_all < service.clock.now
    assert not any(rows(table) for table in OF_TOKENS)
    # Whoever ends it once more finds nothing, nor does a write that was held up: no half of a row is made.
    revoker.ask(end)
    service.stores.users.raise_version(who.user_id, version=7, now=NOW)
    service.stores.sessions.end(who.user_id, here.body["session_id"], now=NOW)
    assert keys_of("Sessions") == set()
    assert {table: keys_of(table) for table in kept} == kept


def keys_of(table: str) -> set[str]:
    return {row[{"Credentials": "username"}.get(table, "user_id")]["S"] for row in rows(table)}


def expiring_rows() -> list[tuple[int, str, dict[str, Any]]]:
    """The TTL, the table and the key of each row that has one."""
    return [
        (int(row["ttl"]["N"]), table, {name: row[name] for name in key})
        for table, key in EXPIRING.items()
        for row in rows(table)
    ]


def delete_what_is_due(expiring: list[tuple[int, str, dict[str, Any]]], now: int) -> None:
    """As early as DynamoDB may."""
    for due in [row for row in expiring if row[0] <= now]:
        _, table, key = due
        wiring.dynamodb().delete_item(TableName=table, Key=key)
        expiring.remove(due)


# Clocks that are off by 5 s


@pytest.mark.parametrize("kind", [*KINDS, "admin-disabled"])
def test_whatever_the_clocks_what_was_ended_is_dead_to_all_at_once_and_nobody_else_is_logged_out(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hash_cheaply(monkeypatch)
    service, ending = service_on_fakes(), ENDINGS[kind]
    hosts = [service.sandbox(clock_off=off) for off in OFF]
    for issuer, revoker in product(hosts, repeat=2):
        who, bystander = service.new_person(), service.new_person()
        here, there, others = (log_in(issuer, each) for each in (who, who, bystander))

        answer = revoker.ask(ending.call(who, here, there))

        assert answer.status == 200
        everything = ending.ends is Ends.EVERYTHING
        for host in hosts:
            assert not any(accepts(host, tokens) for tokens in ([here, there] if everything else [here]))
            assert ending.ends is Ends.TOKEN or not refreshes(host, here)
            assert not everything or not refreshes(host, there)
        alive = [others] if everything else [others, there]
        if "access_token" in answer.body:
            alive.append(answer)
        if ending.password:
            alive.append(log_in(issuer, who, ending.password))
        for tokens in alive:
            assert all(accepts(host, tokens) for host in hosts)
            assert refreshes(revoker, tokens)


@pytest.mark.parametrize("clocks", list(product(OFF, repeat=3)), ids=str)
def test_whoever_refreshes_after_whom_an_honest_user_stays_logged_in(
    clocks: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    hash_cheaply(monkeypatch)
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


# A sandbox that is frozen for an hour between two requests


@pytest.fixture
def deployed(ministack: str, monkeypatch: pytest.MonkeyPatch) -> Service:
    """On ministack, which has a KMS that makes keys; they were published two hours ago."""
    hash_cheaply(monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    dynamodb, prefix = aws.client("dynamodb"), f"{secrets.token_hex(4)}-"
    create_tables(dynamodb, prefix=prefix)
    set_environment(monkeypatch, aws.client("kms").create_key()["KeyMetadata"]["KeyId"])
    tables = {f"{table.upper()}_TABLE": prefix + table for table in TABLES}
    service = Service(stores_on(dynamodb, prefix=prefix), environment={**LONGEST, **tables})
    service.clock.now = NOW - 2 * HOUR
    service.sandbox().ask(Call("keys", recorded("keys")))
    service.clock.now = NOW
    return service


@pytest.fixture
def relay(ministack: str) -> Iterator[Relay]:
    with running_relay(ministack) as relay:
        yield relay


@dataclass(frozen=True)
class Meanwhile:
    """What has happened in the hour in which a sandbox was frozen."""

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
    deployed: Service, relay: Relay, asks: Callable[[Sandbox, Answer], bool], how: Loss
) -> None:
    # Each is the first thing that its sandbox is asked when it wakes.
    questions = {"of_the_new_key": True, "of_the_revoked_key": False, "logged_out": False}
    frozen = {name: deployed.sandbox(environment={"AWS_ENDPOINT_URL": relay.endpoint}) for name in questions}
    before = log_in(deployed.sandbox(), deployed.new_person())
    assert all(asks(sandbox, before) for sandbox in frozen.values())

    meanwhile = an_hour(deployed)
    assert relay.lose(how) >= len(frozen)

    answers = {name: asks(sandbox, getattr(meanwhile, name)) for name, sandbox in frozen.items()}
    assert answers == questions


@pytest.mark.ministack
@pytest.mark.usefixtures("no_waiting")
def test_a_login_at_a_sandbox_frozen_for_an_hour_gives_tokens_of_the_new_keys(
    deployed: Service, relay: Relay
) -> None:
    frozen = deployed.sandbox(environment={"AWS_ENDPOINT_URL": relay.endpoint})
    who = deployed.new_person()
    log_in(frozen, who)

    an_hour(deployed)
    assert relay.lose(Loss.RESET) >= 1

    tokens, elsewhere = log_in(frozen, who), deployed.sandbox()
    assert accepts(elsewhere, tokens)
    assert refreshes(elsewhere, tokens)


@pytest.mark.ministack
def test_a_connection_that_nobody_remembers_after_an_hour_costs_no_time(
    deployed: Service, relay: Relay
) -> None:
    frozen = deployed.sandbox(environment={"AWS_ENDPOINT_URL": relay.endpoint})
    accepts(frozen, log_in(deployed.sandbox(), deployed.new_person()))
    meanwhile = an_hour(deployed)
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


# Hours and seconds that people insert

# As POSIX writes them, so that nothing need be installed: with half an hour in the last one.
ZONES = {
    "utc": "UTC0",
    "berlin": "CET-1CEST,M3.5.0,M10.5.0/3",
    "new-york": "EST5EDT,M3.2.0,M11.1.0",
    "lord-howe": "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
}
CHANGES = {
    "berlin-back": datetime(2026, 10, 25, 1, tzinfo=UTC),
    "berlin-on": datetime(2027, 3, 28, 1, tzinfo=UTC),
    "new-york-back": datetime(2026, 11, 1, 6, tzinfo=UTC),
    "new-york-on": datetime(2027, 3, 14, 7, tzinfo=UTC),
    "lord-howe-on": datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    "lord-howe-back": datetime(2027, 4, 3, 15, tzinfo=UTC),
    "where-leap-seconds-go": datetime(2027, 1, 1, tzinfo=UTC),
}


@pytest.fixture
def in_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the zone of this process."""

    def set_zone(zone: str) -> None:
        os.environ["TZ"] = zone
        time.tzset()

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TZ", "UTC0")
        hash_cheaply(monkeypatch)
        yield set_zone
    time.tzset()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_of_the_clocks_on_the_wall_changes_no_answer(
    in_zone: Callable[[str], None], change: datetime
) -> None:
    local = set()
    told = []
    for zone in ZONES.values():
        in_zone(zone)
        local.add(time.localtime(change.timestamp()).tm_hour)
        told.append(tell_around(int(change.timestamp())))

    assert len(local) == len(ZONES), "the zones are not there"
    assert told == [told[0]] * len(ZONES)
    assert told[0] == [(900, 604_800), True, True, 200, False, False, True, False, True]


def tell_around(second: int) -> list[Any]:
    """What two sessions are worth that begin right before a second, an hour on, and what is answered."""
    service = service_on_fakes()
    sandbox, who = service.sandbox(), service.new_person()
    service.clock.now = second - 1
    kept, ended = log_in(sandbox, who), log_in(sandbox, who)
    told: list[Any] = [(kept.body["expires_in"], kept.body["refresh_expires_in"])]
    service.clock.now = second
    told += [accepts(sandbox, kept), accepts(sandbox, ended)]
    told += [sandbox.ask(requests.log_out(ended.refresh_token)).status]
    service.clock.now = second + 1
    told += [accepts(sandbox, ended), refreshes(sandbox, ended)]
    service.clock.now = second - 1 + 899
    told += [accepts(sandbox, kept)]
    service.clock.now += 1
    told += [accepts(sandbox, kept)]
    service.clock.now = second + HOUR
    return [*told, refreshes(sandbox, kept)]


@pytest.mark.parametrize("seconds", list(product((-1, 0), repeat=5)), ids=str)
def test_a_second_that_comes_twice_or_a_clock_that_steps_back_by_one_changes_nothing(
    seconds: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    hash_cheaply(monkeypatch)
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
    for service.clock.now in (NOW - 1, NOW, NOW + 1):
        assert not any(accepts(sandbox, tokens) for tokens in (first, second))
        assert not refreshes(sandbox, second)
        assert all(accepts(sandbox, tokens) for tokens in (third, fourth))
    assert refreshes(sandbox, fourth)


CLOCKS = {"time", "time_ns", "monotonic", "sleep"}
# How long one request has taken by itself, and nothing that is kept from one to the next.
MEASURING = {
    "functions/canary/app.py",
    "layers/rescind/rescind/admin/everyone.py",
    "layers/rescind/rescind/admin/imports.py",
    "layers/rescind/rescind/deadline.py",
}


def test_no_function_knows_what_a_clock_on_a_wall_shows() -> None:
    sources = [*ROOT.glob("functions/**/*.py"), *ROOT.glob("layers/rescind/rescind/**/*.py")]

    used = {str(path.relative_to(ROOT)): set(clocks_in(path.read_text(encoding="utf-8"))) for path in sources}

    assert {"functions/refresh/app.py", "layers/rescind/rescind/keyring.py"} <= used.keys()
    assert set().union(*used.values()) <= CLOCKS
    assert {path for path, clocks in used.items() if "monotonic" in clocks} == MEASURING


@pytest.mark.parametrize(
    "source",
    [
        "import datetime",
        "from datetime import datetime as d",
        "import time as t",
        "from time import localtime",
        "import time\nnow = time.mktime(then)",
        "import calendar",
        "import email.utils",
    ],
)
def test_a_clock_on_a_wall_would_be_found(source: str) -> None:
    assert not set(clocks_in(source)) <= CLOCKS


def clocks_in(source: str) -> Iterator[str]:
    """What a module takes from `time`, and what it imports that knows of times of day."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names):
                yield from (each.name for each in names if each.name in WALLS)
                yield from (f"time as {each.asname}" for each in names if each.name == "time" and each.asname)
            case ast.ImportFrom(module=module, names=names) if module == "time" or module in WALLS:
                yield from (f"{module}.{each.name}" for each in names)
            case ast.Attribute(value=ast.Name(id="time"), attr=name):
                yield name
            case _:
                pass


WALLS = {"datetime", "calendar", "zoneinfo", "email", "email.utils", "locale", "dateutil"}
