"""Everyone is ended while they log in and refresh, on hosts whose clocks differ: nobody of before is left."""

from typing import Any

import pytest

from tests import requests
from tests.races.race import Race
from tests.requests import Call

pytestmark = pytest.mark.ministack

PEOPLE = 8
SEGMENTS = 4


def revoke_users(**parameters: object) -> Call:
    return Call("admin", {"operation": "revokeEveryone", "parameters": {"of": SEGMENTS, **parameters}})


def go_on_to_the_end(race: Race, segment: int, page: Any, since: int) -> None:
    while page["next"] is not None:
        asked = revoke_users(segment=segment, since=since, after=page["next"])
        page = race.ask(asked).body


def test_no_session_of_before_is_alive_and_whoever_logs_in_afterwards_is(race: Race, lengths: int) -> None:
    for _ in range(lengths):
        people = [race.new_person() for _ in range(PEOPLE)]
        before = [race.log_in(who) for who in people]
        # It may find one page of users, by whichever clock.
        since = race.ask(revoke_users(segment=0)).body["since"]
        pages = [revoke_users(segment=segment, since=since) for segment in range(SEGMENTS)]
        others = [requests.refresh(tokens.refresh_token) for tokens in before]
        others += [requests.log_in(who, "correct-horse-battery-staple") for who in people]

        answers = race.run(*pages, *others)

        for segment, (asked, answer) in enumerate(zip(pages, answers[:SEGMENTS], strict=True)):
            go_on_to_the_end(race, segment, race.answered(asked, answer).body, since)
        refreshed = [each for each in answers[SEGMENTS:][:PEOPLE] if each.status == 200]
        race.check_dead([*before, *refreshed])
        for who in people:
            race.check_alive([race.log_in(who)])
