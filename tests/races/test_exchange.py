"""Tokens of another issuer exchanged at the same moment, by many, and against what ends their user."""

import itertools
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jwt
import pytest

from tests import requests
from tests.people import Person
from tests.races.race import Race
from tests.requests import Answer, Call

pytestmark = pytest.mark.ministack

BEFORE, AFTER = -10, 10
"""Seconds from now: before, or after, whatever is done now by a host whose clock is off."""
_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Subject:
    """Somebody at the other issuer."""

    race: Race
    name: str
    login: str = "the one login"

    def token(self, *, at: int = BEFORE, **claims: Any) -> str:
        said = {"sub": self.name, "sid": f"{self.login} of {self.name}", "jti": f"token-{next(_NUMBERS)}"}
        return self.race.issuer.id_token(now=int(time.time()) + at, **{**said, **claims})

    def logs_out(self, **claims: Any) -> Call:
        said = {"sub": self.name, "sid": f"{self.login} of {self.name}"}
        return requests.log_out_at_issuer(
            self.race.issuer.logout_token(now=int(time.time()), **{**said, **claims})
        )

    def exchange(self, *, at: int = BEFORE) -> Answer:
        tokens = self.race.ask(requests.exchange(self.token(at=at)))
        assert tokens.status == 200, tokens
        return tokens


def somebody(race: Race) -> Subject:
    race.rounds += 1
    return Subject(race, f"sub-{secrets.token_hex(8)}")


def user_of(tokens: Answer) -> str:
    claims = jwt.decode(tokens.body["access_token"], options={"verify_signature": False})
    return str(claims["sub"])


def granted(answers: Sequence[Answer]) -> list[Answer]:
    assert {each.status for each in answers} <= {200, 401, 503}
    return [each for each in answers if each.status == 200]


def test_of_all_who_show_one_token_at_once_one_gets_a_session(race: Race, lengths: int) -> None:
    for _ in range(lengths):
        who = somebody(race)
        before = [who.exchange() for _ in range(race.dice.randint(0, 1))]  # It need not be their first.
        asked = requests.exchange(who.token())

        answers = race.run(*[asked] * race.dice.randint(2, 20))

        [tokens] = granted(answers) or [race.ask(asked)]
        race.check_alive([tokens])
        opened = {each.session_id for each in race.stores.sessions.of_user(user_of(tokens))}
        assert opened == {each.body["session_id"] for each in (*before, tokens)}
        assert race.ask(asked).status == 401


def test_the_first_tokens_of_somebody_shown_at_once_make_one_user(race: Race, lengths: int) -> None:
    for _ in range(lengths):
        who = somebody(race)
        asked = [requests.exchange(who.token(sid=f"{each}")) for each in range(race.dice.randint(2, 15))]

        answers = race.run(*asked)

        opened = granted([race.answered(*each) for each in zip(asked, answers, strict=True)])
        assert len(opened) == len(asked)
        [user_id] = {user_of(each) for each in opened}
        assert race.stores.users.read(user_id) is not None
        assert all(race.accepts(opened))


ENDINGS: dict[str, Callable[[Subject, Person], Call]] = {
    "logged-out-there": lambda who, _: who.logs_out(),
    "logged-out-there-by-login": lambda who, _: who.logs_out(sub=None),
    "logged-out-there-everywhere": lambda who, _: who.logs_out(sid=None),
    "revoked": lambda _, person: requests.revoke_user(person),
    "disabled": lambda _, person: requests.disable(person),
    "deleted": lambda _, person: requests.delete_user(person),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_an_exchange_opens_nothing_that_outlives_the_end(race: Race, name: str, lengths: int) -> None:
    for _ in range(lengths):
        who = somebody(race)
        tokens = who.exchange()
        person = Person(user_of(tokens), "")
        end = ENDINGS[name](who, person)
        exchanges = [requests.exchange(who.token()) for _ in range(race.dice.randint(1, 6))]
        unspent = requests.exchange(who.token())

        first, refreshed, *answers = race.run(end, requests.refresh(tokens.refresh_token), *exchanges)

        assert race.answered(end, first).status == 200
        opened = [each for each in granted(answers) if user_of(each) == person.user_id]
        assert not [each for each in opened if each.began > first.ended]
        race.check_dead([tokens, *opened, *([refreshed] if refreshed.status == 200 else [])])
        if name != "deleted":  # Or there would be a new user.
            assert race.ask(unspent).status == 401
        if name not in {"deleted", "disabled"}:
            race.check_alive([who.exchange(at=AFTER)])


def test_a_logout_of_one_login_leaves_the_sessions_of_another_that_are_being_opened(
    race: Race, lengths: int
) -> None:
    for _ in range(lengths):
        who = somebody(race)
        here, there = who.exchange(), race.ask(requests.exchange(who.token(sid="another")))
        asked = [requests.exchange(who.token(sid="another")) for _ in range(race.dice.randint(1, 6))]

        ended, *answers = race.run(who.logs_out(), *asked)

        assert ended.status == 200
        opened = granted([race.answered(*each) for each in zip(asked, answers, strict=True)])
        race.check_dead([here])
        assert len(opened) == len(asked)
        assert all(race.accepts([there, *opened]))
