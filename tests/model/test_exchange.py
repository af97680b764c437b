"""As test_model, with somebody who logs in at another issuer: tokens are exchanged, and logins end there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, multiple, rule

from rescind.flows.backchannel import Ended
from rescind.flows.issue import Tokens
from rescind.rules.trusted_issuers import external_username
from tests.issuers import SUBJECT
from tests.model import reference
from tests.model.reference import Session, User
from tests.model.test_model import CLOCKS, LOST_ANSWERS, Everything, try_everything
from tests.model.world import ISSUER, cheap_passwords, signatures_checked_once

LOGINS = st.sampled_from(["at the desk", "on the train", None])


@dataclass
class SubjectToken:
    text: str
    login: str | None
    issued_at: int
    is_used: bool = False

    def is_of(self, login: str | None, *, everywhere: bool) -> bool:
        return everywhere or self.login in (login, None)


class WithAnIssuer(Everything):
    @initialize()
    def nobody_has_been_here(self) -> None:
        self.issued: list[SubjectToken] = []
        self.opened: dict[Session, SubjectToken] = {}
        self.logouts: list[tuple[int, str | None, bool]] = []

    @rule(
        target=Everything.grants,
        login=LOGINS,
        age=st.sampled_from([0, 1, 60, 590, 700, -30]),
        lost=LOST_ANSWERS,
        clock=CLOCKS,
    )
    def somebody_exchanges(self, login: str | None, age: int, lost: tuple[int, ...], clock: int) -> Any:
        issued_at = self.now - age
        number = len(self.issued)
        text = ISSUER.id_token(now=issued_at, sid=login, jti=f"token-{number}", exp=issued_at + 9000)
        self.issued.append(SubjectToken(text, login, issued_at))
        return self.exchange(self.issued[-1], lost, clock)

    @rule(target=Everything.grants, which=st.integers(0, 9), clock=CLOCKS)
    def somebody_shows_a_token_again(self, which: int, clock: int) -> Any:
        if not self.issued:
            return multiple()
        return self.exchange(self.issued[-1 - which % len(self.issued)], (), clock)

    def exchange(self, token: SubjectToken, lost: tuple[int, ...], clock: int) -> Any:
        grant = None
        for now in self.tries(lost, clock):
            outcome = self.world.exchange(token.text, now=now)
            assert isinstance(outcome, Tokens) == self.is_good(token, now)
            if isinstance(outcome, Tokens):
                token.is_used = True
                session = self.the_subject().new_session(self.settings, now)
                self.opened[session] = token
                grant = self.granted(outcome, session, 1, now)
        return grant or multiple()

    def is_good(self, token: SubjectToken, now: int) -> bool:
        user = self.users.get(SUBJECT)
        return (
            not token.is_used
            and -60 <= now - token.issued_at <= 600
            and not any(
                token.issued_at <= at and token.is_of(login, everywhere=everywhere)
                for at, login, everywhere in self.logouts
            )
            and (user is None or (user.may_log_in and token.issued_at > user.logged_out_at))
        )

    def the_subject(self) -> User:
        """Whom their first token has made."""
        if SUBJECT not in self.users:
            link = self.world.tables.credentials[external_username(ISSUER.name, SUBJECT)]
            self.users[SUBJECT] = User("none that they know of", scope="", has_password=False)
            self.user_ids[self.users[SUBJECT]] = link.user_id
        return self.users[SUBJECT]

    @rule(
        login=LOGINS,
        late=st.sampled_from([0, 0, 2, 100, 590]),
        everywhere=st.booleans(),
        clock=CLOCKS,
    )
    def the_issuer_says_that_they_have_logged_out(
        self, login: str | None, late: int, clock: int, *, everywhere: bool
    ) -> None:
        everywhere, at = everywhere or login is None, self.now - late
        text = ISSUER.logout_token(now=at, sid=None if everywhere else login, exp=at + 9000)

        assert isinstance(self.world.log_out_there(text, now=self.now + clock), Ended)

        self.logouts.append((at, login, everywhere))
        reference.end(
            *(
                session
                for session, token in self.opened.items()
                if token.issued_at <= at and token.is_of(login, everywhere=everywhere)
            )
        )

    @rule(deed=st.sampled_from(["revoke", "disable or enable", "delete"]), clock=CLOCKS)
    def an_admin_acts_on_them(self, deed: str, clock: int) -> None:
        user = self.users.get(SUBJECT)
        if user is None:
            return
        if deed == "delete":
            assert self.world.delete(self.user_ids[user], now=self.now + clock)
            del self.users[SUBJECT]
        elif deed == "disable or enable" and not user.may_log_in:
            self.world.enable(self.user_ids[user])
            user.may_log_in = True
            return
        else:
            act = self.world.revoke if deed == "revoke" else self.world.disable
            act(self.user_ids[user], now=self.now + clock)
            user.may_log_in = deed == "revoke" and user.may_log_in
            user.logged_out_at = self.now + clock
        reference.end(*user.sessions)


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with cheap_passwords(), signatures_checked_once():
        yield


def test_every_token_of_an_exchange_is_worth_what_it_should_be() -> None:
    try_everything(examples=50, steps=25, machine=WithAnIssuer)


@pytest.mark.proof
def test_every_token_of_an_exchange_is_worth_what_it_should_be_a_thousand_times() -> None:
    try_everything(examples=1000, steps=40, machine=WithAnIssuer)
