"""One client of a load: a person, their tokens, and what is done with them time and again."""

import random
import secrets

from tests.load import calls
from tests.load.asking import UNDECIDED, Asker, GaveUpError
from tests.load.model import AccessToken, Finding, Session, begin, judge
from tests.load.people import Person, Population

_NAMES = 10


class Client:
    def __init__(
        self, asker: Asker, admin: str, population: Population, dice: random.Random, name: str
    ) -> None:
        self.asker = asker
        self.admin = admin
        """The access token of an admin."""
        self.population = population
        self.dice = dice
        self._name = name
        self.person = self.sign_up()
        self.log_in()

    def sign_up(self) -> Person:
        """A new person. A name may have been taken by a try that was not answered: then another."""
        password = secrets.token_urlsafe(12)
        for _ in range(_NAMES):
            username = f"{self._name}-{secrets.token_hex(6)}"
            answer, repeated = self.asker.insist(calls.sign_up(self.admin, username, password))
            if answer.status == 201:
                return Person(answer.body["user_id"], username, password)
            if answer.status != 409 or not repeated:
                raise self.asker.wrong(f"sign-up of {username}", answer)
        raise GaveUpError

    def log_in(self) -> AccessToken:
        answer, _ = self.asker.insist(calls.log_in(self.person.username, self.person.password))
        if answer.status != 200:
            raise self.asker.wrong(f"login of {self.person.user_id}", answer)
        return self.population.granted(self.person, answer.body)

    def authorize_somebody(self) -> None:
        whose = self.dice.random()
        if whose < 0.6:
            token = self.dice.choice(self.person.live())
        elif whose < 0.75:
            token = self.population.anybodys(self.dice) or self.person.live()[0]
        else:
            token = self.population.one_dead(self.dice) or self.person.live()[0]
        self.authorize(token)

    def authorize(self, token: AccessToken) -> None:
        answer = self.asker.ask(calls.me(token))
        about = f"{token.caller()} asks who it is"
        if answer.status not in UNDECIDED:
            finding = judge(answer.status, token.ends, began=answer.began, faulty=False)
            self.asker.tally.find(finding, about, answer)
            if answer.status == 401 and finding:
                begin([token.session.end])  # Said once is enough.
        if answer.status == 200 and answer.body != token.caller():
            self.asker.tally.find(Finding.WRONG, about, answer)

    def refresh_something(self) -> None:
        dead = self.population.one_dead(self.dice) if self.dice.random() < 0.2 else None
        if dead:
            self._refresh_dead(dead.session)
            return
        session = self.dice.choice(self.person.live_sessions())
        used = session.refresh_token
        self._refresh(session, used)
        if self.dice.random() < 0.2:  # A second tab, or an answer that was lost on its way.
            self._refresh(session, used)

    def _refresh(self, session: Session, used: str) -> None:
        successor = session.refresh_token
        answer, _ = self.asker.insist(calls.refresh(used))
        about = f"refresh of {session.session_id}"
        if answer.status != 200:
            begin([session.end])
            raise self.asker.wrong(about, answer)
        if answer.body["session_id"] != session.session_id:
            raise self.asker.wrong(about, answer)
        if successor not in {used, answer.body["refresh_token"]}:
            raise self.asker.wrong(f"{about} with another successor than before", answer)
        self.population.granted(self.person, answer.body, session)

    def _refresh_dead(self, session: Session) -> None:
        """Where only one token was ended, its session lives, and is left to whoever it is of."""
        if session.end.begun:
            answer = self.asker.ask(calls.refresh(session.refresh_token))
            if answer.status not in UNDECIDED:
                finding = judge(answer.status, [session.end], began=answer.began, faulty=False)
                self.asker.tally.find(finding, f"refresh of {session.session_id}, which has ended", answer)
