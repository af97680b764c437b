"""The hours and seconds that people insert, by law: no answer of a function knows of them."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from tests import requests
from tests.service import accepts, hash_cheaply, log_in, refreshes, service_on_fakes

HOUR = 3600

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
    assert told[0] == {
        "lifetimes": (900, 604_800),
        "let in": [True, True],
        "logout": 200,
        "let in, logged out": False,
        "refreshed, logged out": False,
        "let in, in the last second": True,
        "let in, expired": False,
        "refreshed, an hour on": True,
    }


def tell_around(second: int) -> dict[str, object]:
    """What two sessions are worth that begin right before a second, an hour on, and what is answered."""
    service = service_on_fakes()
    sandbox, who = service.sandbox(), service.new_person()
    told: dict[str, object] = {}
    service.clock.now = second - 1
    kept, ended = log_in(sandbox, who), log_in(sandbox, who)
    told["lifetimes"] = (kept.body["expires_in"], kept.body["refresh_expires_in"])
    service.clock.now = second
    told["let in"] = [accepts(sandbox, kept), accepts(sandbox, ended)]
    told["logout"] = sandbox.ask(requests.log_out(ended.refresh_token)).status
    service.clock.now = second + 1
    told["let in, logged out"] = accepts(sandbox, ended)
    told["refreshed, logged out"] = refreshes(sandbox, ended)
    service.clock.now = second - 1 + 899
    told["let in, in the last second"] = accepts(sandbox, kept)
    service.clock.now += 1
    told["let in, expired"] = accepts(sandbox, kept)
    service.clock.now = second + HOUR
    told["refreshed, an hour on"] = refreshes(sandbox, kept)
    return told
