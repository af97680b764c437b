"""What the exchange and the way back rely on, promised by the fake, by moto and by ministack alike."""

from dataclasses import replace

import pytest

from rescind.ids import new_attempt_id
from rescind.model import LoginEnded, Status, TokenUsed, Written
from rescind.rules.logout_tokens import keys_of
from rescind.unavailable import UnavailableError
from tests.store.logins import ISSUER, a_subject_token
from tests.tables import Stores
from tests.things import NOW, SESSION_ID, USER_ID, a_credential, a_session, a_user

OF_LOGIN, OF_USER = keys_of(a_subject_token())
OTHER = "ses_" + "o" * 21 + "A"


def opened_by(stores: Stores, *keys: str, until: int = NOW) -> list[list[tuple[str, str]]]:
    return [sorted(stores.logins.sessions_of(key, until=until)) for key in keys]


def test_a_token_of_another_issuer_opens_a_session_and_its_login_and_user_know_it(stores: Stores) -> None:
    session, token = a_session(attempt=new_attempt_id()), a_subject_token()
    assert stores.logins.refusal(token) is None

    assert stores.logins.open(session, token, granted=None, now=NOW) == Written()

    assert stores.sessions.read(USER_ID, SESSION_ID) == session
    assert opened_by(stores, OF_LOGIN, OF_USER) == [[(USER_ID, SESSION_ID)]] * 2
    assert stores.logins.refusal(token) == TokenUsed()


def test_a_login_knows_every_session_that_it_has_opened_dead_ones_included(stores: Stores) -> None:
    of_it = [f"ses_{letter * 21}A" for letter in "abc"]
    for number, session_id in enumerate(of_it):
        session = a_session(session_id=session_id, attempt=new_attempt_id())
        stores.logins.open(session, a_subject_token(digest=str(number)), granted=None, now=NOW)
    of_another = a_subject_token(login="login-2", digest="of another login")
    stores.logins.open(a_session(attempt=new_attempt_id()), of_another, granted=None, now=NOW)
    stores.sessions.end(USER_ID, of_it[1], now=NOW)

    of_login, of_user = opened_by(stores, OF_LOGIN, OF_USER)

    assert of_login == [(USER_ID, each) for each in of_it]
    assert of_user == sorted([*of_login, (USER_ID, SESSION_ID)])


@pytest.mark.parametrize(("until", "is_from_before"), [(NOW - 61, False), (NOW - 60, True)])
def test_what_a_later_token_has_opened_is_not_from_before(
    stores: Stores, until: int, *, is_from_before: bool
) -> None:
    stores.logins.open(a_session(attempt=new_attempt_id()), a_subject_token(), granted=None, now=NOW)

    found = opened_by(stores, OF_LOGIN, OF_USER, until=until)

    assert found == [[(USER_ID, SESSION_ID)] if is_from_before else []] * 2


def test_what_a_login_has_opened_is_no_session_of_anybody(stores: Stores) -> None:
    stores.logins.open(a_session(attempt=new_attempt_id()), a_subject_token(), granted=None, now=NOW)

    assert [each.session_id for each in stores.sessions.of_user(USER_ID)] == [SESSION_ID]
    assert stores.blocklist.read(SESSION_ID) is None
    assert OF_LOGIN.startswith("login_")


def test_a_token_of_another_issuer_opens_one_session_only(stores: Stores) -> None:
    first = a_session(attempt=new_attempt_id())
    stores.logins.open(first, a_subject_token(), granted=None, now=NOW)

    again = a_session(session_id=OTHER, attempt=new_attempt_id())

    assert stores.logins.open(again, a_subject_token(), granted=None, now=NOW) == TokenUsed()
    assert stores.sessions.of_user(USER_ID) == [first]
    assert opened_by(stores, OF_LOGIN) == [[(USER_ID, SESSION_ID)]]


def test_a_session_that_is_there_is_written_over_by_no_token(stores: Stores) -> None:
    stores.sessions.put(a_session(counter=9))
    token = a_subject_token()

    with pytest.raises(UnavailableError):
        stores.logins.open(a_session(attempt=new_attempt_id()), token, granted=None, now=NOW)

    assert stores.sessions.read(USER_ID, SESSION_ID) == a_session(counter=9)
    assert (stores.logins.refusal(token), opened_by(stores, OF_LOGIN)) == (None, [[]])


GRANTED = a_user(scope="reports", granted_at=NOW - 60, revision=6)


def test_what_a_token_grants_is_written_with_its_session_and_the_rest_stays(stores: Stores) -> None:
    stores.accounts.create(a_user(), a_credential())
    stores.users.raise_version(USER_ID, version=7, now=NOW, status=Status.DISABLED)
    session = a_session(attempt=new_attempt_id())

    assert stores.logins.open(session, a_subject_token(), granted=GRANTED, now=NOW) == Written()

    # What has happened to the version since it was read is not written over, and ends the session.
    assert stores.users.read(USER_ID) == replace(
        GRANTED, token_version=8, logged_out_at=NOW, status=Status.DISABLED
    )


@pytest.mark.parametrize("changed", [True, False], ids=["changed-meanwhile", "gone"])
def test_a_grant_to_another_user_than_was_read_writes_nothing(stores: Stores, *, changed: bool) -> None:
    by_an_admin = a_user(scope="", revision=6)
    if changed:
        stores.accounts.create(a_user(), a_credential())
        stores.users.change(by_an_admin, now=NOW)

    with pytest.raises(UnavailableError):
        stores.logins.open(a_session(attempt=new_attempt_id()), a_subject_token(), granted=GRANTED, now=NOW)

    assert stores.users.read(USER_ID) == (by_an_admin if changed else None)
    assert stores.sessions.read(USER_ID, SESSION_ID) is None
    assert stores.logins.refusal(a_subject_token()) is None
    assert opened_by(stores, OF_LOGIN, OF_USER) == [[], []]


def test_a_used_token_grants_nothing(stores: Stores) -> None:
    stores.accounts.create(a_user(), a_credential())
    stores.logins.open(a_session(attempt=new_attempt_id()), a_subject_token(), granted=None, now=NOW)

    again = a_session(session_id=OTHER, attempt=new_attempt_id())

    assert stores.logins.open(again, a_subject_token(), granted=GRANTED, now=NOW) == TokenUsed()
    assert stores.users.read(USER_ID) == a_user()


@pytest.mark.parametrize("which", [0, 1], ids=["the-login", "the-user"])
@pytest.mark.parametrize("login", ["login-1", None], ids=["of-a-login", "of-none"])
@pytest.mark.parametrize(("at", "is_over"), [(NOW - 61, False), (NOW - 60, True), (NOW, True)])
def test_a_token_from_before_the_end_or_of_its_very_second_is_over(
    stores: Stores, which: int, login: str | None, at: int, *, is_over: bool
) -> None:
    token = a_subject_token(login=login)

    stores.logins.end(keys_of(token)[which], at=at)

    assert stores.logins.refusal(token) == (LoginEnded() if is_over else None)


def test_a_token_that_is_used_and_of_an_ended_login_is_of_an_ended_login(stores: Stores) -> None:
    """Who has just used it has to hear that."""
    stores.logins.open(a_session(attempt=new_attempt_id()), a_subject_token(), granted=None, now=NOW)

    stores.logins.end(OF_LOGIN, at=NOW)

    assert stores.logins.refusal(a_subject_token()) == LoginEnded()


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

    assert stores.logins.refusal(token) is None


@pytest.mark.parametrize("order", [(NOW, NOW - 100), (NOW - 100, NOW)], ids=["late", "in-order"])
def test_an_end_is_never_taken_back_by_an_earlier_one(stores: Stores, order: tuple[int, int]) -> None:
    for at in order:
        stores.logins.end(OF_LOGIN, at=at)

    assert stores.logins.refusal(a_subject_token()) == LoginEnded()


def test_an_exchange_that_the_sdk_repeats_is_one(stores: Stores) -> None:
    session, token = a_session(attempt=new_attempt_id()), a_subject_token()
    stores.logins.open(session, token, granted=None, now=NOW)
    stores.sessions.end(USER_ID, SESSION_ID, now=NOW)

    stores.logins.open(session, token, granted=None, now=NOW)

    assert stores.sessions.read(USER_ID, SESSION_ID) == replace(session, revoked_at=NOW)
    assert opened_by(stores, OF_LOGIN) == [[(USER_ID, SESSION_ID)]]
