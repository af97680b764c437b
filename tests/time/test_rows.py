"""Rows at their TTL: those that are still there afterwards, and those that go at once.

Everything here goes through the handlers of the functions.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from rescind import wiring
from rescind.model import BlockedToken
from tests import requests
from tests.endings import ENDINGS, KINDS, Ends, claims_of
from tests.functions.conftest import Stack, hasher, key_rows, moto, stack
from tests.service import LONGEST_TOKENS, Service, accepts, log_in, refreshes
from tests.tables import table_keys
from tests.things import NOW, PASSWORD

__all__ = ["hasher", "key_rows", "moto", "stack"]

DAY = 86_400
LATE_AT_MOST = 600
# They end within the day.
SHORT_SESSIONS = {"REFRESH_IDLE_SECONDS": "4400", "REFRESH_ABSOLUTE_SECONDS": "4400"}
# The tables with a TTL.
OF_TOKENS = ("Sessions", "Blocklist")
EXPIRING = (*OF_TOKENS, "Attempts")


@pytest.fixture
def service(stack: Stack) -> Service:
    """On moto, which keeps every row until a test deletes it."""
    given = {"dynamodb": wiring.dynamodb(), "kms": wiring.kms()}
    return Service(stack.stores, given, {**LONGEST_TOKENS, **SHORT_SESSIONS})


# Rows past their TTL that are still there


def test_an_expired_session_that_is_still_there_gives_no_tokens(service: Service) -> None:
    sandbox = service.sandbox()
    tokens = log_in(sandbox, service.new_person())

    service.clock.now = latest_ttl() + 3 * DAY

    assert len(rows("Sessions")) == 1
    assert not refreshes(sandbox, tokens)


def test_the_access_tokens_of_an_expired_session_that_is_still_there_are_dead(service: Service) -> None:
    sandbox = service.sandbox()
    tokens = log_in(sandbox, service.new_person())

    service.clock.now = latest_ttl() + 3 * DAY

    assert len(rows("Sessions")) == 1
    assert not accepts(sandbox, tokens)


def test_an_ended_session_that_is_still_there_refuses_for_the_reason_it_ended(
    service: Service, written: Callable[[], str]
) -> None:
    sandbox = service.sandbox()
    tokens = log_in(sandbox, service.new_person())
    sandbox.ask(requests.log_out(tokens.refresh_token))
    written()

    # Before the session would have expired by itself.
    service.clock.now = latest_ttl("Sessions")

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

    service.clock.now = latest_ttl()

    assert guesses == [401, 401, 429]
    assert rows("Attempts") == counted
    assert sandbox.ask(requests.log_in(who, PASSWORD)).status == 200


# Rows deleted at their TTL


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
    ends = [row.ttl for row in expiring if row.table in OF_TOKENS]
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


# What is in the tables


class Expiring(NamedTuple):
    """A row that has a TTL."""

    ttl: int
    table: str
    key: dict[str, Any]


def rows(table: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = wiring.dynamodb().scan(TableName=table)["Items"]
    return items


def keys_of(table: str) -> set[str]:
    """The first part of each."""
    return {row[table_keys()[table][0]]["S"] for row in rows(table)}


def expiring_rows() -> list[Expiring]:
    return [
        Expiring(int(row["ttl"]["N"]), table, {name: row[name] for name in table_keys()[table]})
        for table in EXPIRING
        for row in rows(table)
    ]


def latest_ttl(*tables: str) -> int:
    """Of these tables, or of all."""
    return max(row.ttl for row in expiring_rows() if row.table in (tables or EXPIRING))


def delete_what_is_due(expiring: list[Expiring], now: int) -> None:
    """As early as DynamoDB may."""
    for due in [row for row in expiring if row.ttl <= now]:
        wiring.dynamodb().delete_item(TableName=due.table, Key=due.key)
        expiring.remove(due)
