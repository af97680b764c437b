"""Refreshes of a session against each way to end it: whatever the order, what they gave out is dead."""

from collections.abc import Callable

import pytest

from tests import requests
from tests.people import Person
from tests.races.race import Race
from tests.requests import Answer, Call
from tests.things import PASSWORD

pytestmark = pytest.mark.ministack


Ending = Callable[[Person, Answer, Answer], Call]
"""Of a person, the tokens that are being refreshed, and those of another session of the person."""

ONE: dict[str, Ending] = {
    "logout-by-refresh-token": lambda _who, here, _there: requests.log_out(here.refresh_token),
    "logout-by-cookie": lambda _who, here, _there: requests.log_out(here.refresh_token, by_cookie=True),
    "logout-by-bearer": lambda _who, here, _there: requests.log_out_by_bearer(here),
    "ended-from-elsewhere": lambda who, here, there: requests.end_session(
        who, there, here.body["session_id"]
    ),
    "ended-by-an-admin": lambda who, here, _there: requests.revoke_session(who, here.body["session_id"]),
}
ALL: dict[str, Ending] = {
    "logout-everywhere": lambda _who, here, _there: requests.log_out_by_bearer(here, everywhere=True),
    "logout-everywhere-from-elsewhere": lambda _who, _here, there: requests.log_out_by_bearer(
        there, everywhere=True
    ),
    "password-change": lambda who, here, _there: requests.change_password(
        who, here, PASSWORD, "new-password"
    ),
    "disabled": lambda who, _here, _there: requests.disable(who),
    "revoked-by-an-admin": lambda who, _here, _there: requests.revoke_user(who),
    "deleted": lambda who, _here, _there: requests.delete_user(who),
}
ENDINGS = [
    *(pytest.param(ending, False, id=name) for name, ending in ONE.items()),
    *(pytest.param(ending, True, id=name) for name, ending in ALL.items()),
]


@pytest.mark.parametrize(("ending", "ends_all"), ENDINGS)
def test_a_refresh_gives_out_nothing_that_outlives_the_end(
    race: Race, ending: Ending, lengths: int, *, ends_all: bool
) -> None:
    for _ in range(lengths):
        who = race.new_person()
        here, there = race.log_in(who), race.log_in(who)
        end = ending(who, here, there)
        refreshes = [
            requests.refresh(here.refresh_token, by_cookie=race.dice.random() < 0.5)
            for _ in range(race.dice.randint(1, 4))
        ]

        first, *answers = race.run(end, *refreshes)

        ended = race.answered(end, first)
        assert ended.status == 200
        assert all(each.status in {401, 503} for each in answers if each.began > first.ended)
        given_out = [each for each in answers if each.status == 200]
        if ends_all:
            race.check_dead([here, there, *given_out])
        else:
            race.check_dead([here, *given_out])
            race.check_alive([there])
        if "access_token" in ended.body:
            race.check_alive([ended])


def test_everywhere_by_a_token_that_is_being_refreshed_ends_what_its_answer_says(
    race: Race, lengths: int
) -> None:
    for _ in range(2 * lengths):
        who = race.new_person()
        here, there = race.log_in(who), race.log_in(who)
        everywhere = requests.log_out_everywhere_by_refresh_token(here.refresh_token)

        first, refreshed = race.run(everywhere, requests.refresh(here.refresh_token))

        ended = race.answered(everywhere, first)
        race.check_dead([here, *([refreshed] if refreshed.status == 200 else [])])
        match ended.body["revoked"]:
            case "all_sessions":
                race.check_dead([there])
            case said:
                assert said == "session"
                race.check_alive([there])


def test_two_ways_to_end_a_session_at_once_end_it_for_both(race: Race, lengths: int) -> None:
    for _ in range(2 * lengths):
        who = race.new_person()
        here, there = race.log_in(who), race.log_in(who)
        one, other = race.dice.sample(list(ONE.values()), 2)
        # By a bearer that another ends first, everywhere is nowhere: so from elsewhere, or by an admin.
        every = race.dice.choice([ALL["logout-everywhere-from-elsewhere"], ALL["revoked-by-an-admin"]])
        endings = [end(who, here, there) for end in (one, other, every)]

        *ended, refreshed = race.run(*endings, requests.refresh(here.refresh_token))

        answers = [race.answered(*each) for each in zip(endings, ended, strict=True)]
        assert {each.status for each in answers} <= {200, 404}
        race.check_dead([here, there, *([refreshed] if refreshed.status == 200 else [])])
