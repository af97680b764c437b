"""A write fails, and may have taken effect all the same: the stores look, and say so only if it has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from rescind import aws
from rescind.model import BlockedToken, Status
from rescind.rules.key_set import KeyEntry, Purpose
from rescind.rules.logout_tokens import keys_of
from rescind.unavailable import UnavailableError
from tests.store.logins import a_subject_token
from tests.tables import Stores, create_tables, stores_on
from tests.things import NOW, SESSION_ID, TOKEN_ID, USER_ID, a_credential, a_session, a_user

USER, CREDENTIAL = a_user(), a_credential()
NEW_USER = a_user(user_id=f"usr_{'n' * 21}A", username="grace")
NEW_CREDENTIAL = a_credential(user_id=NEW_USER.user_id, username="grace")
RESET = replace(USER, token_version=8, password_version=4, logged_out_at=NOW)
NEW_HASH = replace(CREDENTIAL, password_hash="$argon2id$new", password_version=4)

WRITES: dict[str, Callable[[Stores], object]] = {
    "end-a-session": lambda stores: stores.sessions.end(USER_ID, SESSION_ID, now=NOW),
    "block-a-token": lambda stores: stores.blocklist.put(BlockedToken(TOKEN_ID, USER_ID, "", NOW, NOW + 9)),
    "end-everything": lambda stores: stores.users.raise_version(USER_ID, version=7, now=NOW),
    "disable": lambda stores: stores.users.raise_version(USER_ID, version=7, now=NOW, status=Status.DISABLED),
    "change": lambda stores: stores.users.change(replace(USER, scope="", revision=6), now=NOW),
    "delete-a-row": lambda stores: stores.users.delete(USER_ID, now=NOW),
    "create": lambda stores: stores.accounts.create(NEW_USER, NEW_CREDENTIAL),
    "delete": lambda stores: stores.accounts.delete(USER, now=NOW),
    "set-a-password": lambda stores: stores.accounts.set_password(
        RESET, NEW_HASH, read_user=USER, read_credential=CREDENTIAL, attempt="att", now=NOW
    ),
    "end-a-login": lambda stores: stores.logins.end(keys_of(a_subject_token())[0], at=NOW),
    "add-a-key": lambda stores: stores.key_sets.replace(
        stores.key_sets.read(Purpose.REFRESH_TOKEN), (KeyEntry("mac", 0, b"encrypted"),)
    ),
}

UNANNOUNCED = {"create", "end-a-login", "add-a-key"}
ANNOUNCED = {name: write for name, write in WRITES.items() if name not in UNANNOUNCED}


@dataclass
class Line:
    """Writes fail on it, before they take effect or after; and perhaps what is read then.

    What is announced behind a write that was looked up does not fail, unless it is to.
    """

    loses: bool = False
    reads: bool = True
    announces: bool = True
    failed: int = 0
    behind_a_failure: Callable[[], None] = lambda: None

    def call(self, operation: Callable[..., Mapping[str, Any]], **parameters: Any) -> Mapping[str, Any]:
        if operation.__name__ in {"get_item", "query", "scan", "batch_get_item"}:
            if self.failed and not self.reads:
                raise UnavailableError("the table cannot be read")
            return CALL(operation, **parameters)
        if self.failed and self.announces and _is_announcement(parameters):
            return CALL(operation, **parameters)
        self.failed += 1
        if self.loses:
            CALL(operation, **parameters)
        self.behind_a_failure()
        raise UnavailableError("the write failed")


CALL = aws.call


def _is_announcement(parameters: Mapping[str, Any]) -> bool:
    tables = {each["TableName"] for item in parameters.get("TransactItems", []) for each in item.values()}
    return tables == {"Revocations"}


@pytest.fixture
def stores(moto_client: Any) -> Stores:
    create_tables(moto_client)
    stores = stores_on(moto_client)
    stores.accounts.create(USER, CREDENTIAL)
    stores.sessions.put(a_session())
    return stores


@pytest.fixture
def line(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> Line:
    del stores  # It is there before the line fails.
    line = Line()
    monkeypatch.setattr(aws, "call", line.call)
    return line


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_write_whose_answer_was_lost_has_succeeded(
    stores: Stores, line: Line, moto_client: Any, write: Callable[[Stores], object]
) -> None:
    create_tables(moto_client, prefix="other-")
    in_another_world = stores_on(moto_client, prefix="other-")
    with pytest.MonkeyPatch.context() as as_it_is:
        as_it_is.setattr(aws, "call", CALL)
        in_another_world.accounts.create(USER, CREDENTIAL)
        in_another_world.sessions.put(a_session())
        without_a_fault = write(in_another_world)
    line.loses = True

    assert write(stores) == without_a_fault
    assert line.failed == 1


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_write_that_did_not_take_effect_has_failed(
    stores: Stores, line: Line, write: Callable[[Stores], object]
) -> None:
    with pytest.raises(UnavailableError, match="the write failed"):
        write(stores)

    assert line.failed == 1


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_write_of_which_nothing_is_known_has_failed(
    stores: Stores, line: Line, write: Callable[[Stores], object]
) -> None:
    line.loses, line.reads = True, False

    with pytest.raises(UnavailableError, match="the write failed"):  # Not the look-up: it is the cause.
        write(stores)


def test_to_let_a_user_in_again_is_looked_up_too(
    stores: Stores, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.MonkeyPatch.context() as as_it_is:
        as_it_is.setattr(aws, "call", CALL)
        stores.users.raise_version(USER_ID, version=7, now=NOW, status=Status.DISABLED)
    with pytest.raises(UnavailableError):
        stores.users.enable(USER_ID, version=8)
    line.loses = True

    stores.users.enable(USER_ID, version=8)

    monkeypatch.setattr(aws, "call", CALL)
    user = stores.users.read(USER_ID)
    assert user is not None
    assert user.status is Status.ACTIVE


@pytest.mark.parametrize(("ended_at", "was_ours"), [(NOW, True), (NOW - 1, False)])
def test_a_session_that_had_ended_before_was_not_ended_by_us(
    stores: Stores, line: Line, ended_at: int, *, was_ours: bool
) -> None:
    with pytest.MonkeyPatch.context() as as_it_is:
        as_it_is.setattr(aws, "call", CALL)
        stores.sessions.end(USER_ID, SESSION_ID, now=ended_at)

    assert stores.sessions.end(USER_ID, SESSION_ID, now=NOW) is was_ours
    assert line.failed == 1


def test_what_somebody_else_has_ended_meanwhile_has_ended(stores: Stores, line: Line) -> None:
    with pytest.MonkeyPatch.context() as as_it_is:
        as_it_is.setattr(aws, "call", CALL)
        stores.users.raise_version(USER_ID, version=7, now=NOW - 1)

    stores.users.raise_version(USER_ID, version=7, now=NOW)

    with pytest.raises(UnavailableError):  # They are not locked out.
        stores.users.raise_version(USER_ID, version=7, now=NOW, status=Status.DISABLED)
    assert line.failed == 2


@pytest.mark.parametrize(("by_another", "is_done"), [(NOW, True), (NOW + 1, True), (NOW - 1, False)])
def test_a_login_that_another_message_has_ended_has_ended_if_it_said_as_much(
    stores: Stores, line: Line, by_another: int, *, is_done: bool
) -> None:
    key, _ = keys_of(a_subject_token())
    with pytest.MonkeyPatch.context() as as_it_is:
        as_it_is.setattr(aws, "call", CALL)
        stores.logins.end(key, at=by_another)

    if is_done:
        stores.logins.end(key, at=NOW)
    else:
        with pytest.raises(UnavailableError):
            stores.logins.end(key, at=NOW)
    assert line.failed == 1


def test_an_exchange_whose_answer_was_lost_is_not_taken_for_one_that_failed(
    stores: Stores, line: Line
) -> None:
    """The session's row tells whose it is: see flows/open_session.py."""
    line.loses = True
    session = a_session(session_id="ses_of_it", attempt="att_of_it")

    with pytest.raises(UnavailableError):
        stores.logins.open(session, a_subject_token(), granted=None, now=NOW)

    assert stores.sessions.read(USER_ID, "ses_of_it") == session


def test_what_somebody_else_has_changed_meanwhile_is_not_ones_own(stores: Stores, line: Line) -> None:
    with pytest.MonkeyPatch.context() as as_it_is:
        as_it_is.setattr(aws, "call", CALL)
        stores.users.change(replace(USER, claims='{"plan":"tin"}', revision=6), now=NOW)

    with pytest.raises(UnavailableError):
        stores.users.change(replace(USER, scope="", revision=6), now=NOW)
    assert line.failed == 1


@pytest.mark.parametrize("write", ANNOUNCED.values(), ids=ANNOUNCED)
def test_what_is_known_by_its_rows_alone_is_announced_by_us_too(
    stores: Stores, line: Line, moto_client: Any, write: Callable[[Stores], object]
) -> None:
    line.loses = True
    forgotten: list[object] = []

    def forget_and_read(table: str, key: str) -> None:
        rows = moto_client.scan(TableName=table)["Items"]
        for row in rows:
            moto_client.delete_item(TableName=table, Key={name: row[name] for name in ("copy", key)})
        forgotten.extend(rows)

    line.behind_a_failure = lambda: forget_and_read("Revocations", "at")

    write(stores)

    # As if the rows had been somebody else's, whose announcement nobody reads any more.
    assert moto_client.scan(TableName="Revocations")["Items"] == forgotten != []


@pytest.mark.parametrize("write", ANNOUNCED.values(), ids=ANNOUNCED)
def test_what_is_known_by_its_rows_alone_and_cannot_be_announced_has_failed(
    stores: Stores, line: Line, write: Callable[[Stores], object]
) -> None:
    line.loses, line.announces = True, False

    with pytest.raises(UnavailableError, match="the write failed"):
        write(stores)

    assert line.failed == 2
