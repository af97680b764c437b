"""The load's own sense of right and wrong: what it must notice, and what it must not take for a mistake."""

import random
from collections.abc import Callable

import pytest

from tests.load.asking import Asker
from tests.load.calls import me
from tests.load.client import Client
from tests.load.connection import Answer, Call
from tests.load.model import AccessToken, End, Finding, Session, begin, judge, settle
from tests.load.people import Population
from tests.load.tally import Tally
from tests.things import SESSION_ID, TOKEN_ID, USER_ID

REVOKED_BY = 1_000


def a_token() -> AccessToken:
    return AccessToken("the token", Session(USER_ID, SESSION_ID, "r1"), TOKEN_ID, "")


def a_revoked_token() -> AccessToken:
    token = a_token()
    begin([token.end])
    settle([token.end], REVOKED_BY)
    return token


@pytest.mark.parametrize("which", ["token", "session"])
def test_a_revoked_token_that_is_let_in_is_a_lost_revocation(which: str) -> None:
    token = a_token()
    ended = [token.end if which == "token" else token.session.end]

    begin(ended)
    settle(ended, REVOKED_BY)

    assert judge(200, token.ends, began=REVOKED_BY, faulty=True) is Finding.LOST
    assert judge(200, token.ends, began=REVOKED_BY - 0.1, faulty=True) is None, "it was under way"
    assert judge(401, token.ends, began=REVOKED_BY, faulty=False) is None


def test_a_revocation_that_was_not_answered_promises_nothing() -> None:
    token = a_token()

    begin([token.end])

    assert judge(200, token.ends, began=REVOKED_BY, faulty=False) is None
    assert judge(401, token.ends, began=REVOKED_BY, faulty=False) is None


def test_a_live_token_that_is_refused_is_a_wrong_answer_whatever_the_faults() -> None:
    assert judge(401, a_token().ends, began=0, faulty=True) is Finding.WRONG
    assert judge(200, a_token().ends, began=0, faulty=True) is None


@pytest.mark.parametrize("ends", [a_token().ends, a_revoked_token().ends], ids=["live", "dead"])
def test_only_faults_may_make_a_token_undecided(ends: tuple[End, End]) -> None:
    assert judge(503, ends, began=REVOKED_BY, faulty=False) is Finding.WRONG
    assert judge(503, ends, began=REVOKED_BY, faulty=True) is None
    assert judge(500, ends, began=REVOKED_BY, faulty=True) is Finding.WRONG


def test_a_second_answer_cannot_make_a_revocation_later() -> None:
    token = a_revoked_token()

    settle([token.end], REVOKED_BY + 100)

    assert judge(200, token.ends, began=REVOKED_BY, faulty=False) is Finding.LOST


# A client, and a gateway that makes one mistake.

HEADERS = {
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-amzn-requestid": "the-request",
}


def answering(status: int, body: object, *, seconds: float = 0.01) -> Callable[[Call], Answer]:
    return lambda _: Answer(status, HEADERS, b"...", REVOKED_BY + 1, REVOKED_BY + 1 + seconds, body)


class ClientOfOne(Client):
    """Without a sign-up."""

    def __init__(self, ask_once: Callable[[Call], Answer], *, faulty: bool = False) -> None:
        self.tally = Tally()
        self.population = Population()
        self.dice = random.Random(1)  # noqa: S311 - no secrets
        self.asker = Asker(ask_once, lambda *_: faulty, self.tally, self.dice)


@pytest.fixture(autouse=True)
def any_body_is_in_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.contract.check", lambda *_: None)


def test_one_revoked_token_let_in_once_is_counted_and_told_without_the_token() -> None:
    token = a_revoked_token()
    client = ClientOfOne(answering(200, token.caller()), faulty=True)

    client.authorize(token)

    assert client.tally.many(Finding.LOST) == 1
    [trace] = client.tally.traces()
    assert TOKEN_ID in trace
    assert "the-request" in trace
    assert token.text not in trace


def test_an_answer_that_is_about_somebody_else_is_wrong() -> None:
    token = a_token()
    client = ClientOfOne(answering(200, {**token.caller(), "session_id": "another"}))

    client.authorize(token)

    assert client.tally.many(Finding.WRONG) == 1


def test_unavailable_without_a_fault_is_wrong_unless_a_deadline_was_over() -> None:
    at_once, late = ClientOfOne(answering(503, {})), ClientOfOne(answering(503, {}, seconds=1.1))

    at_once.authorize(a_token())
    late.authorize(a_token())

    assert (at_once.tally.many(Finding.WRONG), at_once.tally.late) == (1, 0)
    assert (late.tally.many(Finding.WRONG), late.tally.late) == (0, 1)


def test_what_a_load_asks_is_counted_by_kind_and_status() -> None:
    token = a_token()
    client = ClientOfOne(answering(200, token.caller()))

    client.asker.ask(me(token))

    assert client.tally.answers == {("authorize", 200): 1}
