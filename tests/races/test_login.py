"""Logins against what ends everything, against the session limit, and password changes against each other."""

from collections.abc import Callable

import pytest

from tests import requests
from tests.people import Person
from tests.races.race import Race
from tests.requests import Answer, Call
from tests.things import PASSWORD

pytestmark = pytest.mark.ministack

NEW_PASSWORD = "a-new-password"


def test_an_old_password_opens_nothing_that_outlives_its_change(race: Race, lengths: int) -> None:
    takes = 0.1
    for _ in range(lengths):
        who = race.new_person()
        tokens = race.log_in(who)
        change = requests.change_password(who, tokens, PASSWORD, NEW_PASSWORD)
        logins = [requests.log_in(who, PASSWORD)] * race.dice.randint(2, 8)

        # The change hashes before it writes: logins should be reading when it is done with that.
        changed, *opened = race.run(
            change, *logins, delays=[0.0, *(race.dice.uniform(0.3, 1.1) * takes for _ in logins)]
        )
        takes = changed.ended - changed.began

        assert changed.status == 200
        assert all(each.status in {401, 503} for each in opened if each.began > changed.ended)
        race.check_dead([tokens, *(each for each in opened if each.status == 200)])
        race.check_alive([changed])
        assert race.ask(requests.log_in(who, PASSWORD)).status == 401
        race.check_alive([race.log_in(who, NEW_PASSWORD)])


ENDINGS: dict[str, Callable[[Person, Answer], Call]] = {
    "everywhere": lambda _who, tokens: requests.log_out_by_bearer(tokens, everywhere=True),
    "revoked-by-an-admin": lambda who, _tokens: requests.revoke_user(who),
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS.keys())
def test_a_login_lives_or_dies_whole_and_the_next_one_lives(
    race: Race, ending: Callable[[Person, Answer], Call], lengths: int
) -> None:
    for _ in range(lengths):
        who = race.new_person()
        tokens = race.log_in(who)
        logins = [requests.log_in(who, PASSWORD)] * race.dice.randint(1, 4)

        ended, *answers = race.run(ending(who, tokens), *logins)

        assert ended.status == 200
        opened = [each for each in answers if each.status == 200]
        accepted = race.accepts(opened)
        for each, lives in zip(opened, accepted, strict=True):
            assert lives or each.began < ended.ended, "a login after the end is dead"
            assert not lives or each.ended > ended.began, "a login from before the end lives"
            assert (race.ask(requests.refresh(each.refresh_token)).status == 200) is lives
        race.check_dead([tokens])
        race.check_alive([race.log_in(who)])


def test_a_login_opens_nothing_that_outlives_the_flag_or_returns_without_it(race: Race, lengths: int) -> None:
    for _ in range(lengths):
        who = race.new_person()
        tokens = race.log_in(who)
        logins = [requests.log_in(who, PASSWORD)] * race.dice.randint(1, 4)

        disabled, *opened = race.run(requests.disable(who), *logins)

        assert disabled.status == 200
        assert all(each.status in {401, 503} for each in opened if each.began > disabled.ended)
        dead = [tokens, *(each for each in opened if each.status == 200)]
        race.check_dead(dead)
        assert race.ask(requests.log_in(who, PASSWORD)).status == 401
        race.ask(requests.enable(who))
        race.check_dead(dead)
        race.check_alive([race.log_in(who)])


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_parallel_logins_leave_as_many_sessions_as_there_may_be(race: Race, limit: int, lengths: int) -> None:
    race.settings = {"MAX_SESSIONS_PER_USER": str(limit)}
    for _ in range(lengths):
        who = race.new_person()
        old = race.log_in(who)
        logins = [requests.log_in(who, PASSWORD)] * race.dice.randint(limit, 8)

        answers = race.run(*logins)

        assert {each.status for each in answers} <= {200, 503}
        opened = [each for each in answers if each.status == 200]
        accepted = race.accepts([old, *opened])
        assert sum(accepted) == limit
        assert not accepted[0], "the oldest is the first to go"
        living = [each for each, lives in zip(opened, accepted[1:], strict=True) if lives]
        shown = race.ask(requests.list_sessions(who, living[0])).body["sessions"]
        assert {each["session_id"] for each in shown} == {each.body["session_id"] for each in living}
        race.check_dead([old, *(each for each in opened if each not in living)])
        for each in living:
            race.check_alive([each])
        newest = race.log_in(who)
        assert sum(race.accepts([newest, *living])) == limit


def test_of_parallel_password_changes_one_holds(race: Race, lengths: int) -> None:
    for _ in range(lengths):
        who = race.new_person()
        tokens = race.log_in(who)
        news = [f"new-password-{number}" for number in range(race.dice.randint(2, 5))]

        answers = race.run(*(requests.change_password(who, tokens, PASSWORD, new) for new in news))

        [winner] = [number for number, each in enumerate(answers) if each.status == 200]
        assert {each.status for each in answers} <= {200, 400, 401, 503}
        race.check_dead([tokens])
        race.check_alive([answers[winner]])
        race.log_in(who, news[winner])
        for dead in (PASSWORD, news[winner - 1]):
            assert race.ask(requests.log_in(who, dead)).status == 401


def test_a_login_opens_nothing_that_outlives_an_admins_reset(race: Race, lengths: int) -> None:
    takes = 0.1
    for _ in range(lengths):
        who = race.new_person()
        tokens = race.log_in(who)
        logins = [requests.log_in(who, PASSWORD)] * race.dice.randint(2, 8)

        # The reset hashes before it writes: logins should be reading when it is done with that.
        reset, *opened = race.run(
            requests.set_password(who, NEW_PASSWORD),
            *logins,
            delays=[0.0, *(race.dice.uniform(0.3, 1.1) * takes for _ in logins)],
        )
        takes = reset.ended - reset.began

        assert reset.status == 200
        assert all(each.status in {401, 503} for each in opened if each.began > reset.ended)
        race.check_dead([tokens, *(each for each in opened if each.status == 200)])
        assert race.ask(requests.log_in(who, PASSWORD)).status == 401
        race.check_alive([race.log_in(who, NEW_PASSWORD)])


def test_an_admins_reset_holds_whatever_its_user_changes_at_the_same_moment(race: Race, lengths: int) -> None:
    for _ in range(lengths):
        who = race.new_person()
        tokens = race.log_in(who)
        changes = [f"new-password-{number}" for number in range(race.dice.randint(1, 4))]

        reset, *changed = race.run(
            requests.set_password(who, NEW_PASSWORD),
            *(requests.change_password(who, tokens, PASSWORD, new) for new in changes),
        )
        reset = race.answered(requests.set_password(who, NEW_PASSWORD), reset)

        assert reset.status == 200
        assert {each.status for each in changed} <= {200, 400, 401, 503}
        assert sum(each.status == 200 for each in changed) <= 1
        # Whichever came first, the user's change is over, with the session that it opened.
        race.check_dead([tokens, *(each for each in changed if each.status == 200)])
        for dead in (PASSWORD, *changes):
            assert race.ask(requests.log_in(who, dead)).status == 401
        race.check_alive([race.log_in(who, NEW_PASSWORD)])


def test_changes_of_a_user_at_the_same_moment_are_none_of_them_lost(race: Race, lengths: int) -> None:
    for _ in range(lengths):
        who = race.new_person()
        tokens = race.log_in(who)
        asked = [
            requests.change_user(who, scope="orders:read"),
            requests.change_user(who, claims={"plan": "silver"}),
            requests.revoke_user(who),
        ]

        answers = race.run(*asked)

        *_, revoked = [race.answered(*each) for each in zip(asked, answers, strict=True)]
        assert revoked.status == 200
        user = race.stores.users.read(who.user_id)
        assert user is not None
        assert (user.scope, user.claims) == ("orders:read", '{"plan":"silver"}')
        race.check_dead([tokens])


def test_guesses_at_the_same_moment_do_not_pass_a_limit_together(race: Race, lengths: int) -> None:
    race.settings = {"FAILURES_PER_ACCOUNT": "20"}
    for _ in range(lengths):
        who = race.new_person()
        guess = requests.log_in(who, "a-wrong-password")

        answers = race.run(*[guess] * race.dice.randint(25, 50))

        looked_at = sum(answer.status == 401 for answer in answers)
        assert {answer.status for answer in answers} <= {401, 429, 503}
        # Those who got 503 were not looked at; whoever comes later finds what room there is left.
        later = [race.ask(guess).status for _ in range(20 - looked_at + 1)]
        assert later == [401] * (20 - looked_at) + [429]
