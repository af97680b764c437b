"""What requests take is what docs/cost.md says; what they cost there follows from that and the prices."""

import os
from collections.abc import Iterator

import pytest

from tests.capacity.costs import MILLION, million_of, prices
from tests.capacity.figures import figures_of
from tests.capacity.measuring import Measured, measure
from tests.capacity.monthly import alarm_metrics
from tests.capacity.operations import AUTHORIZATION, COLD, LOGIN, OPERATIONS, REFRESH
from tests.capacity.page import PAGE, computed, figures_on, measured_tables, sources, tables_on, with_tables
from tests.capacity.units import Units
from tests.faults.deployment import running_world

NUMBERS = ("none", "one", "two", "three", "four")
MAIN = [AUTHORIZATION, LOGIN, REFRESH]


@pytest.fixture(scope="module")
def main(ministack: str) -> Iterator[Measured]:
    with running_world(ministack) as world:
        yield measure(world, warm=MAIN, cold=())


@pytest.fixture(scope="module")
def everything(ministack: str) -> Iterator[Measured]:
    with running_world(ministack) as world:
        yield measure(world, warm=OPERATIONS, cold=COLD)


@pytest.mark.ministack
def test_an_authorization_a_login_and_a_refresh_take_what_the_page_says(main: Measured) -> None:
    page = figures_on(PAGE.read_text(encoding="utf-8"))

    for name, taken in main.warm.items():
        assert taken.status == 200
        assert figures_of(taken) == page[name]


@pytest.mark.proof
@pytest.mark.ministack
def test_all_requests_and_new_sandboxes_take_what_the_page_says(everything: Measured) -> None:
    page = PAGE.read_text(encoding="utf-8")
    tables = measured_tables(everything)
    if os.environ.get("COST_PAGE") == "write":
        page = with_tables(page, tables)
        PAGE.write_text(with_tables(page, computed(figures_on(page))), encoding="utf-8")

    assert {name: tables_on(page)[name] for name in tables} == tables, "COST_PAGE=write make proof"


@pytest.mark.proof
@pytest.mark.ministack
def test_the_emulator_says_the_same_of_each_write(everything: Measured) -> None:
    calls = [call for each in everything.warm.values() for call in each.calls]
    writes = [call for call in calls if call.units.writes]
    told = [call for call in writes if call.told is not None]

    # It is silent about a condition that failed. Of any read it says one unit, so that tells nothing.
    assert [call for call in told if call.units != call.told] == []
    assert len(told) > len(writes) // 2


def test_the_costs_on_the_page_follow_from_its_figures_and_the_prices() -> None:
    page = PAGE.read_text(encoding="utf-8")
    tables = {**computed(figures_on(page)), "sources": sources()}
    if os.environ.get("COST_PAGE") == "write":
        page = with_tables(page, tables)
        PAGE.write_text(page, encoding="utf-8")

    assert {name: tables_on(page)[name] for name in tables} == tables, (
        "COST_PAGE=write .venv/bin/python -m pytest tests/capacity"
    )


def test_the_figures_in_the_text_follow_from_the_prices() -> None:
    listed, text = prices(), " ".join(PAGE.read_text(encoding="utf-8").split())
    half_a_gb_for_10_ms = 0.5 * 0.010 * listed["lambda"]["gb_second_x86_64"]
    key_sets_a_month = 100 * 60 * listed["redis"]["hours_a_month"]

    assert f"Each 10 ms more at 512 MB are {half_a_gb_for_10_ms * MILLION:.2f} USD a million" in text
    assert f"make {key_sets_a_month / MILLION:.0f} million reads a month" in text
    assert f"which are {key_sets_a_month / MILLION * listed['dynamodb']['million_reads']:.2f} USD" in text
    assert f"costs {listed['snapstart']['restored_gb'] / 2:.5f} USD more" in text
    gateway = listed["api_gateway"]
    assert f"REST APIs take {gateway['million_rest_requests']:.2f} a million" in text
    assert f"HTTP APIs {gateway['million_http_requests']:.2f}" in text
    user = listed["user"]
    assert f"log in {user['logins']} times a month, refresh {user['refreshes']} times" in text
    assert f"make {user['authorizations']:,} requests" in text


def test_the_figures_of_the_page_on_scale_follow_from_what_requests_take() -> None:
    scale = " ".join((PAGE.parent / "scale.md").read_text(encoding="utf-8").split())
    figures = figures_on(PAGE.read_text(encoding="utf-8"))
    authorization, login = million_of(figures["authorization"]), million_of(figures["login"])

    assert f"at {authorization.milliseconds} ms assumed" in scale
    assert f"busy | {10_000 * authorization.milliseconds // 1000} |" in scale
    assert f"[{authorization.total:.2f} a million]" in scale
    assert f"| {round(authorization.total, 2) * 3600:,.0f} |" in scale
    reads, counts = figures["authorization"].reads, figures["login"].writes - 1  # One more is the session.
    assert f"{NUMBERS[reads]} strong reads of one unit, one in each of Blocklist, Users, Sessions" in scale
    assert f"writes of Attempts: 20 logins, {counts} each | {20 * counts} |" in scale
    sessions = 20 + 500 * figures["refresh"].writes
    assert f"writes of Sessions: 20 logins, 500 refreshes | {sessions} |" in scale
    busy = round(10_000 * login.milliseconds / 1000, -2)
    assert f"10,000 wrong passwords a second takes {busy:,.0f} sandboxes" in scale


def test_the_alarms_that_the_page_counts_are_those_of_the_events() -> None:
    events = (PAGE.parent / "events.md").read_text(encoding="utf-8")

    assert f"counts as three | {alarm_metrics()} |" in events


def test_an_authorization_reads_three_rows_and_writes_none(main: Measured) -> None:
    taken = main.warm[AUTHORIZATION.name]

    assert taken.units == Units(reads=taken.units.reads)
    assert dict(taken.units.reads) == {"Blocklist": 1, "Users": 1, "Sessions": 1}
    assert len(taken.calls) == 1
    assert taken.log_bytes == 0


@pytest.mark.parametrize("name", [each.name for each in MAIN])
def test_no_request_opens_a_key_in_a_sandbox_that_has(main: Measured, name: str) -> None:
    assert main.warm[name].kms_calls == 0
