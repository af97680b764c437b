"""A revocation and its announcement: together or not at all, on the fake, on moto and on ministack."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rescind.ids import new_attempt_id
from rescind.model import BlockedToken, Lost, Session, Status
from rescind.unavailable import UnavailableError
from tests.store.feed_rows import announced, said
from tests.store.logins import a_subject_token
from tests.tables import Stores, create_tables, stores_on
from tests.things import ATTEMPT, NOW, SESSION_ID, TOKEN_ID, USER_ID, a_credential, a_session, a_user

USER = a_user()
LATER = NOW + 60
"""When what has been done is done again."""
CHANGED = a_user(token_version=8, password_version=4, logged_out_at=NOW)
BLOCKED = BlockedToken(TOKEN_ID, USER_ID, "stolen laptop", NOW, NOW + 920)


def opened() -> Session:
    return a_session(session_id="ses_" + "n" * 21 + "A", version=8, attempt=new_attempt_id())


def set_password(stores: Stores, now: int) -> object:
    return stores.accounts.set_password(
        replace(CHANGED, logged_out_at=now),
        a_credential(password_hash="$argon2id$new", password_version=4),
        read_user=USER,
        read_credential=a_credential(),
        attempt=new_attempt_id(),
        now=now,
    )


def open_session(stores: Stores, now: int) -> object:
    granted = a_user(scope="reports:read", granted_at=now, revision=6)
    return stores.logins.open(opened(), a_subject_token(), granted=granted, now=now)


@dataclass(frozen=True)
class Revocation:
    deed: Callable[[Stores, int], object]
    announces: dict[str, Any]


REVOCATIONS = {
    "block-a-token": Revocation(
        lambda stores, now: stores.blocklist.put(replace(BLOCKED, blocked_at=now)),
        {"jti": TOKEN_ID, "exp": NOW + 800},
    ),
    "end-a-session": Revocation(
        lambda stores, now: stores.sessions.end(USER_ID, SESSION_ID, now=now),
        {"sub": USER_ID, "sid": SESSION_ID},
    ),
    "end-everything": Revocation(
        lambda stores, now: stores.users.raise_version(USER_ID, version=7, now=now),
        {"sub": USER_ID, "min_ver": 8, "logged_out_at": NOW},
    ),
    "disable": Revocation(
        lambda stores, now: stores.users.raise_version(USER_ID, version=7, now=now, status=Status.DISABLED),
        {"sub": USER_ID, "min_ver": 8, "logged_out_at": NOW},
    ),
    "change-the-password": Revocation(
        lambda stores, now: stores.accounts.change_password(
            CHANGED, password_hash="$argon2id$new", session=opened(), now=now
        ),
        {"sub": USER_ID, "min_ver": 8, "logged_out_at": NOW},
    ),
    "set-the-password": Revocation(set_password, {"sub": USER_ID, "min_ver": 8, "logged_out_at": NOW}),
    "delete": Revocation(
        lambda stores, now: stores.accounts.delete(USER, now=now), {"sub": USER_ID, "gone": 1}
    ),
    "delete-the-row": Revocation(
        lambda stores, now: stores.users.delete(USER_ID, now=now), {"sub": USER_ID, "gone": 1}
    ),
    "change-the-scope": Revocation(
        lambda stores, now: stores.users.change(a_user(scope="", revision=6), now=now),
        {"sub": USER_ID, "scope": "", "revision": 6},
    ),
    "change-the-claims": Revocation(
        lambda stores, now: stores.users.change(a_user(claims="{}", revision=6), now=now),
        {"sub": USER_ID, "scope": USER.scope, "revision": 6},
    ),
    "grant-by-an-exchange": Revocation(
        open_session, {"sub": USER_ID, "scope": "reports:read", "revision": 6}
    ),
}
EACH = pytest.mark.parametrize("revocation", REVOCATIONS.values(), ids=REVOCATIONS)


def signed_up(stores: Stores) -> Stores:
    stores.accounts.create(USER, a_credential())
    stores.sessions.put(a_session())
    return stores


def state_of(stores: Stores) -> list[object]:
    return [
        stores.users.read(USER_ID),
        stores.credentials.read("ada"),
        stores.sessions.of_user(USER_ID),
        stores.blocklist.read(TOKEN_ID),
        stores.logins.refusal(a_subject_token()),
    ]


@EACH
def test_whatever_is_revoked_is_announced_by_the_clock_of_who_revoked_it(
    stores: Stores, revocation: Revocation
) -> None:
    before = state_of(signed_up(stores))

    revocation.deed(stores, NOW)

    assert announced(stores) == [said(NOW, **revocation.announces)]
    assert state_of(stores) != before


@EACH
def test_what_the_sdk_repeats_is_announced_once(stores: Stores, revocation: Revocation) -> None:
    signed_up(stores)

    for _ in range(2):
        with contextlib.suppress(UnavailableError):  # Of the exchange, which is looked up by its caller.
            revocation.deed(stores, NOW)

    assert announced(stores) == [said(NOW, **revocation.announces)]


ALREADY = {
    name: REVOCATIONS[name]
    for name in ("block-a-token", "end-a-session", "end-everything", "disable", "delete-the-row")
}


@pytest.mark.parametrize("revocation", ALREADY.values(), ids=ALREADY)
def test_what_had_already_ended_is_announced_again(stores: Stores, revocation: Revocation) -> None:
    revocation.deed(signed_up(stores), NOW)

    revocation.deed(stores, LATER)

    assert announced(stores) == [said(at, **revocation.announces) for at in (NOW, LATER)]


def test_it_is_announced_what_stands_in_the_row_and_not_what_was_asked_for(stores: Stores) -> None:
    signed_up(stores).accounts.change_password(CHANGED, password_hash="$", session=opened(), now=NOW)
    stores.users.raise_version(USER_ID, version=8, now=NOW + 1)

    lost = stores.users.raise_version(USER_ID, version=7, now=LATER)

    assert isinstance(lost, Lost)
    assert announced(stores)[-1] == said(LATER, sub=USER_ID, min_ver=9, logged_out_at=NOW + 1)


def test_of_a_user_who_is_gone_that_is_announced(stores: Stores) -> None:
    stores.users.raise_version(USER_ID, version=7, now=NOW)
    stores.users.announce_end(USER_ID, now=NOW + 1)

    assert announced(stores) == [said(at, sub=USER_ID, gone=1) for at in (NOW, NOW + 1)]


def test_what_has_ended_a_users_tokens_can_be_announced_once_more(stores: Stores) -> None:
    signed_up(stores).users.raise_version(USER_ID, version=7, now=NOW)

    stores.users.announce_end(USER_ID, now=LATER)

    assert announced(stores)[-1] == said(LATER, sub=USER_ID, min_ver=8, logged_out_at=NOW)


def test_a_token_that_is_blocked_can_be_announced_once_more_and_stays_blocked_for_what_it_was(
    stores: Stores,
) -> None:
    stores.blocklist.announce(TOKEN_ID, now=NOW)
    assert announced(stores) == []
    stores.blocklist.put(BLOCKED)

    stores.blocklist.announce(TOKEN_ID, now=LATER)

    assert announced(stores) == [said(at, jti=TOKEN_ID, exp=NOW + 800) for at in (NOW, LATER)]
    assert stores.blocklist.read(TOKEN_ID) == BLOCKED


NOTHING: dict[str, Callable[[Stores], object]] = {
    "a-session-that-is-not-there": lambda stores: stores.sessions.end(USER_ID, "ses_2", now=NOW),
    "a-change-that-lost": lambda stores: stores.users.change(a_user(scope="", revision=3), now=NOW),
    "a-change-of-nobody": lambda stores: stores.users.change(a_user(user_id="usr_2"), now=NOW),
    "a-deletion-that-lost": lambda stores: stores.accounts.delete(a_user(username="eve"), now=NOW),
    "a-password-that-lost": lambda stores: stores.accounts.change_password(
        replace(CHANGED, token_version=9), password_hash="$", session=opened(), now=NOW
    ),
    "an-exchange-that-grants-nothing": lambda stores: stores.logins.open(
        opened(), a_subject_token(), granted=None, now=NOW
    ),
    "enabling": lambda stores: stores.users.enable(USER_ID, version=7),
    "a-refresh": lambda stores: stores.sessions.advance(
        a_session(), now=NOW, idle_expires_at=NOW + 5000, attempt=ATTEMPT
    ),
}


@pytest.mark.parametrize("deed", NOTHING.values(), ids=NOTHING)
def test_where_nothing_is_revoked_nothing_is_announced(
    stores: Stores, deed: Callable[[Stores], object]
) -> None:
    deed(signed_up(stores))

    assert announced(stores) == []


@dataclass
class Conflicts:
    """A client whose transactions meet those of others, a few times."""

    client: Any
    left: int

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def transact_write_items(self, **parameters: Any) -> Any:
        if self.left:
            self.left -= 1
            reasons = [{"Code": "None"} for _ in parameters["TransactItems"]]
            reasons[0] = {"Code": "TransactionConflict"}
            raise ClientError(
                {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}, "W"
            )
        return self.client.transact_write_items(**parameters)


@pytest.fixture
def tables(moto_client: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(time, "sleep", lambda _: None)  # Between two tries.
    create_tables(moto_client)
    signed_up(stores_on(moto_client))
    return moto_client


@EACH
def test_whatever_meets_anothers_transaction_is_done_all_the_same(
    tables: Any, revocation: Revocation
) -> None:
    stores = stores_on(Conflicts(tables, 4))

    revocation.deed(stores, NOW)

    assert announced(stores) == [said(NOW, **revocation.announces)]


@EACH
def test_whatever_meets_others_every_time_is_not_done_and_not_taken_for_done(
    tables: Any, revocation: Revocation
) -> None:
    before, stores = state_of(stores_on(tables)), stores_on(Conflicts(tables, 5))

    with pytest.raises(UnavailableError):
        revocation.deed(stores, NOW)

    assert (state_of(stores), announced(stores)) == (before, [])


@EACH
def test_what_cannot_be_announced_is_not_done(tables: Any, revocation: Revocation) -> None:
    before, stores = state_of(stores_on(tables)), stores_on(tables)
    tables.delete_table(TableName="Revocations")

    with pytest.raises(UnavailableError):
        revocation.deed(stores, NOW)

    assert state_of(stores) == before


@pytest.mark.parametrize("revocation", ALREADY.values(), ids=ALREADY)
def test_what_cannot_be_announced_again_is_not_said_to_have_ended(
    tables: Any, revocation: Revocation
) -> None:
    stores = stores_on(tables)
    revocation.deed(stores, NOW)
    tables.delete_table(TableName="Revocations")

    with pytest.raises(UnavailableError):
        revocation.deed(stores, LATER)


def test_each_copy_has_all_that_is_announced(tables: Any) -> None:
    stores = stores_on(tables, copies=3)

    for revocation in ("end-a-session", "block-a-token", "end-everything"):
        REVOCATIONS[revocation].deed(stores, NOW)

    copies = [announced(stores, copy=copy) for copy in range(4)]
    assert copies[0] == copies[1] == copies[2]
    assert [len(copy) for copy in copies] == [3, 3, 3, 0]
