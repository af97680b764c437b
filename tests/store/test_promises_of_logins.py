"""What the exchange and the way back rely on, promised by the fake, by moto and by ministack alike."""

from dataclasses import replace

import pytest

from rescind.ids import new_attempt_id
from rescind.model import LoginEnded, Lost, TokenUsed, Written
from rescind.rules.logout_tokens import keys_of
from tests.store.logins import ISSUER, a_subject_token
from tests.tables import Stores
from tests.things import NOW, SESSION_ID, USER_ID, a_session


def test_a_token_of_another_issuer_opens_a_session_and_its_login_knows_it(stores: Stores) -> None:
    session, token = a_session(attempt=new_attempt_id()), a_subject_token()
    of_login, of_user = keys_of(token)
    assert stores.logins.refusal(token) is None

    assert stores.logins.open(session, token) == Written()

    assert stores.sessions.read(USER_ID, SESSION_ID) == session
    assert stores.logins.sessions_of(of_login) == [(USER_ID, SESSION_ID)]
    assert stores.logins.sessions_of(of_user) == []
    assert stores.logins.refusal(token) == TokenUsed()


def test_a_login_knows_every_session_that_it_has_opened_dead_ones_included(stores: Stores) -> None:
    others = [f"ses_{letter * 21}A" for letter in "abc"]
    for number, session_id in enumerate(others):
        stores.logins.open(
            a_session(session_id=session_id, attempt=new_attempt_id()), a_subject_token(digest=str(number))
        )
    stores.logins.open(
        a_session(attempt=new_attempt_id()), a_subject_token(login="login-2", digest="of another login")
    )
    stores.sessions.end(USER_ID, others[1], now=NOW)

    opened = stores.logins.sessions_of(keys_of(a_subject_token())[0])

    assert sorted(opened) == [(USER_ID, each) for each in others]


def test_what_a_login_has_opened_is_no_session_of_anybody(stores: Stores) -> None:
    stores.logins.open(a_session(attempt=new_attempt_id()), a_subject_token())
    of_login, _ = keys_of(a_subject_token())

    assert [each.session_id for each in stores.sessions.of_user(USER_ID)] == [SESSION_ID]
    assert stores.blocklist.read(SESSION_ID) is None
    assert of_login.startswith("login_")


def test_a_token_of_another_issuer_opens_one_session_only(stores: Stores) -> None:
    first, other = a_session(attempt=new_attempt_id()), "ses_" + "o" * 21 + "A"
    stores.logins.open(first, a_subject_token())

    again = stores.logins.open(a_session(session_id=other, attempt=new_attempt_id()), a_subject_token())

    assert again == TokenUsed()
    assert stores.sessions.of_user(USER_ID) == [first]
    assert stores.logins.sessions_of(keys_of(a_subject_token())[0]) == [(USER_ID, SESSION_ID)]


def test_a_session_that_is_there_is_written_over_by_no_token(stores: Stores) -> None:
    stores.sessions.put(a_session(counter=9))
    token = a_subject_token()

    lost = stores.logins.open(a_session(attempt=new_attempt_id()), token)

    assert lost == Lost(None, repeated=False)
    assert stores.sessions.read(USER_ID, SESSION_ID) == a_session(counter=9)
    assert (stores.logins.refusal(token), stores.logins.sessions_of(keys_of(token)[0])) == (None, [])


@pytest.mark.parametrize("which", [0, 1], ids=["the-login", "the-user"])
@pytest.mark.parametrize("login", ["login-1", None], ids=["of-a-login", "of-none"])
@pytest.mark.parametrize(("at", "is_refused"), [(NOW - 61, False), (NOW - 60, True), (NOW, True)])
def test_a_token_from_before_the_end_or_of_its_very_second_opens_nothing(
    stores: Stores, which: int, login: str | None, at: int, *, is_refused: bool
) -> None:
    token = a_subject_token(login=login)
    stores.logins.end(keys_of(token)[which], at=at)

    before = stores.logins.refusal(token)
    outcome = stores.logins.open(a_session(attempt=new_attempt_id()), token)

    assert (before, outcome) == ((LoginEnded(), LoginEnded()) if is_refused else (None, Written()))
    session = stores.sessions.read(USER_ID, SESSION_ID)
    assert (session is None) is is_refused
    assert stores.logins.sessions_of(keys_of(token)[0]) == ([] if is_refused else [(USER_ID, SESSION_ID)])


def test_a_token_that_is_used_and_of_an_ended_login_is_of_an_ended_login(stores: Stores) -> None:
    token, other = a_subject_token(), a_session(session_id="ses_" + "o" * 21 + "A", attempt=new_attempt_id())
    stores.logins.open(a_session(attempt=new_attempt_id()), token)
    stores.logins.end(keys_of(token)[0], at=NOW)

    assert stores.logins.refusal(token) == stores.logins.open(other, token) == LoginEnded()


def test_the_end_of_one_login_is_not_anothers(stores: Stores) -> None:
    token = a_subject_token()
    for other in (
        a_subject_token(login="login-2"),
        a_subject_token(login=None),
        a_subject_token(login=token.subject),
        a_subject_token(issuer=replace(ISSUER, issuer="https://id.example.net")),
    ):
        stores.logins.end(keys_of(other)[0], at=NOW)
    stores.logins.end(keys_of(a_subject_token(subject="sub-2"))[1], at=NOW)

    assert stores.logins.open(a_session(attempt=new_attempt_id()), token) == Written()


@pytest.mark.parametrize("order", [(NOW, NOW - 100), (NOW - 100, NOW)], ids=["late", "in-order"])
def test_an_end_is_never_taken_back_by_an_earlier_one(stores: Stores, order: tuple[int, int]) -> None:
    token = a_subject_token()

    for at in order:
        stores.logins.end(keys_of(token)[0], at=at)

    assert stores.logins.refusal(token) == LoginEnded()


def test_an_exchange_that_the_sdk_repeats_is_one(stores: Stores) -> None:
    session, token = a_session(attempt=new_attempt_id()), a_subject_token()
    stores.logins.open(session, token)
    stores.sessions.end(USER_ID, SESSION_ID, now=NOW)

    stores.logins.open(session, token)

    assert stores.sessions.read(USER_ID, SESSION_ID) == replace(session, revoked_at=NOW)
    assert stores.logins.sessions_of(keys_of(token)[0]) == [(USER_ID, SESSION_ID)]
