"""Many at once with one refresh token: tabs, retries, thieves."""

import pytest

from rescind.rules.refresh_tokens import unverified_refresh_token
from tests import requests
from tests.races.race import Race

pytestmark = pytest.mark.ministack

NO_GRACE = {"REFRESH_GRACE_SECONDS": "0"}


@pytest.mark.parametrize("tabs", [2, 3, 5, 10, 20, 50])
def test_parallel_refreshes_all_get_the_same_successor(race: Race, tabs: int, lengths: int) -> None:
    for _ in range(lengths):
        tokens = race.log_in(race.new_person())
        racing = [
            requests.refresh(tokens.refresh_token, by_cookie=race.dice.random() < 0.5) for _ in range(tabs)
        ]

        refreshed = race.run(*racing)

        assert {each.status for each in refreshed} <= {200, 503}
        refreshed = [race.answered(*each) for each in zip(racing, refreshed, strict=True)]
        [successor] = {each.refresh_token for each in refreshed}
        assert unverified_refresh_token(successor).counter == 2
        race.check_alive([tokens, *refreshed])


@pytest.mark.parametrize("tabs", [2, 5, 20])
def test_without_a_grace_one_of_parallel_refreshes_wins_and_then_the_session_ends(
    race: Race, tabs: int, lengths: int
) -> None:
    race.settings = NO_GRACE
    for _ in range(lengths):
        tokens = race.log_in(race.new_person())

        refreshed = race.run(*[requests.refresh(tokens.refresh_token)] * tabs)

        won = [each for each in refreshed if each.status == 200]
        assert len(won) <= 1
        if any(each.status == 503 for each in refreshed):
            race.ask(requests.refresh(tokens.refresh_token))
        race.check_dead([tokens, *won])


def test_an_old_token_ends_its_session_and_only_it_whatever_the_owner_does(race: Race, lengths: int) -> None:
    race.settings = NO_GRACE
    for _ in range(4 * lengths):
        who = race.new_person()
        first, elsewhere = race.log_in(who), race.log_in(who)
        second = race.ask(requests.refresh(first.refresh_token))
        owners = [requests.refresh(second.refresh_token)] * race.dice.randint(1, 3)
        thieves = [requests.refresh(first.refresh_token)] * race.dice.randint(1, 3)

        answers = race.run(*owners, *thieves)

        stolen = [race.answered(*each) for each in zip(thieves, answers[len(owners) :], strict=True)]
        assert {each.status for each in stolen} == {401}
        won = [each for each in answers if each.status == 200]
        assert len(won) <= 1
        race.check_dead([first, second, *won])
        race.check_alive([elsewhere])
