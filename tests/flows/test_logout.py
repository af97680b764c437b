"""Which credential may end what."""

from dataclasses import dataclass
from typing import Any

import pytest

from rescind.flows.end import Revoked
from rescind.flows.logout import LoggedOut, TwoUsers, logout
from rescind.rules.access_tokens import sign_access_token
from rescind.rules.refresh_tokens import MacKey, sign_refresh_token
from rescind.unavailable import UnavailableError
from tests.fakes import FakeBlocklist, FakeKeyring, FakeSessions, FakeStates, FakeTables, FakeUsers
from tests.things import (
    MAC_KEY,
    NOW,
    SESSION_ID,
    SETTINGS,
    SIGNING_KEY,
    TOKEN_ID,
    USER_ID,
    a_session,
    a_user,
    some_claims,
)

OTHER_USER = "usr_" + "o" * 21 + "A"
OTHER_SESSION = "ses_" + "o" * 21 + "A"

LIVE_BEARER = sign_access_token(some_claims(), key=SIGNING_KEY)
EXPIRED_BEARER = sign_access_token(some_claims(exp=NOW), key=SIGNING_KEY)
BEARER_OF_ANOTHER_SESSION = sign_access_token(some_claims(sid=OTHER_SESSION), key=SIGNING_KEY)
BEARER_OF_ANOTHER_USER = sign_access_token(some_claims(sub=OTHER_USER), key=SIGNING_KEY)
CURRENT = sign_refresh_token(USER_ID, SESSION_ID, 4, key=MAC_KEY)
USED = sign_refresh_token(USER_ID, SESSION_ID, 3, key=MAC_KEY)
FORGED = sign_refresh_token(USER_ID, SESSION_ID, 4, key=MacKey(MAC_KEY.key_id, b"f" * 32))


@dataclass
class World:
    tables: FakeTables
    sessions: FakeSessions

    def log_out(
        self, *, bearer: str | None = None, token: str | None = None, everywhere: bool = False
    ) -> Any:
        return logout(
            access_token=bearer,
            refresh_token=token,
            everywhere=everywhere,
            keys=FakeKeyring(),
            states=FakeStates(self.tables),
            sessions=self.sessions,
            users=FakeUsers(self.tables),
            blocklist=FakeBlocklist(self.tables),
            settings=SETTINGS,
            now=NOW,
        )

    @property
    def ended(self) -> set[str]:
        return {row.session_id for row in self.tables.sessions.values() if row.revoked_at is not None}

    @property
    def version(self) -> int:
        return self.tables.users[USER_ID].token_version


@pytest.fixture
def world() -> World:
    """Two live sessions of one user of version 7."""
    tables = FakeTables(
        users={USER_ID: a_user()},
        sessions={
            (USER_ID, SESSION_ID): a_session(),
            (USER_ID, OTHER_SESSION): a_session(session_id=OTHER_SESSION),
        },
    )
    return World(tables, FakeSessions(tables))


@pytest.mark.parametrize(
    "credentials",
    [
        pytest.param({"token": CURRENT}, id="the-current-refresh-token"),
        pytest.param({"token": USED}, id="a-used-refresh-token"),
        pytest.param({"bearer": LIVE_BEARER}, id="a-live-access-token"),
        pytest.param({"token": CURRENT, "bearer": EXPIRED_BEARER}, id="with-an-expired-access-token"),
        pytest.param({"token": CURRENT, "bearer": "garbage"}, id="with-garbage-for-access-token"),
        pytest.param({"bearer": LIVE_BEARER, "token": FORGED}, id="with-a-forged-refresh-token"),
        pytest.param({"token": USED, "everywhere": True}, id="everywhere-with-a-used-one"),
    ],
)
def test_a_credential_ends_its_own_session_and_no_other(world: World, credentials: Any) -> None:
    assert world.log_out(**credentials) == LoggedOut(Revoked.SESSION, USER_ID, (SESSION_ID,))

    assert world.ended == {SESSION_ID}
    assert world.version == 7


@pytest.mark.parametrize(
    "credentials",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"bearer": EXPIRED_BEARER}, id="an-expired-access-token-alone"),
        pytest.param({"bearer": EXPIRED_BEARER, "everywhere": True}, id="likewise-everywhere"),
        pytest.param({"token": FORGED}, id="a-forged-refresh-token"),
        pytest.param({"token": FORGED, "everywhere": True}, id="a-forged-one-everywhere"),
        pytest.param({"bearer": "garbage", "token": "garbage"}, id="garbage"),
    ],
)
def test_what_proves_nothing_ends_nothing(world: World, credentials: Any) -> None:
    assert world.log_out(**credentials) == LoggedOut(Revoked.NOTHING)

    assert world.ended == set()
    assert world.version == 7
    assert world.tables.blocklist == {}


@pytest.mark.parametrize(
    "credentials",
    [
        pytest.param({"token": CURRENT}, id="the-current-refresh-token"),
        pytest.param({"bearer": LIVE_BEARER}, id="a-live-access-token"),
        pytest.param({"token": USED, "bearer": LIVE_BEARER}, id="a-live-access-token-with-a-used-one"),
    ],
)
def test_everywhere_ends_every_session_in_one_write(world: World, credentials: Any) -> None:
    outcome = world.log_out(**credentials, everywhere=True)

    assert outcome == LoggedOut(Revoked.ALL_SESSIONS, USER_ID)
    assert (world.version, world.tables.users[USER_ID].logged_out_at) == (8, NOW)


@pytest.mark.parametrize("everywhere", [False, True])
def test_the_access_token_of_a_logout_is_blocklisted_for_its_life(world: World, *, everywhere: bool) -> None:
    world.log_out(bearer=LIVE_BEARER, everywhere=everywhere)

    assert world.tables.blocklist[TOKEN_ID].ttl == NOW + 800 + 120


def test_two_credentials_of_one_user_end_both_their_sessions(world: World) -> None:
    outcome = world.log_out(bearer=BEARER_OF_ANOTHER_SESSION, token=CURRENT)

    assert set(outcome.session_ids) == {SESSION_ID, OTHER_SESSION}
    assert world.ended == {SESSION_ID, OTHER_SESSION}


def test_credentials_of_two_users_end_nothing(world: World) -> None:
    assert world.log_out(bearer=BEARER_OF_ANOTHER_USER, token=CURRENT) == TwoUsers()

    assert world.ended == set()


def test_a_second_logout_finds_nothing_to_end(world: World) -> None:
    world.log_out(token=CURRENT)

    assert world.log_out(token=CURRENT) == LoggedOut(Revoked.NOTHING)


@pytest.mark.parametrize(
    "changes", [{"idle_expires_at": NOW}, {"version": 6}, {"revoked_at": NOW - 1}], ids=str
)
def test_everywhere_needs_a_live_session(world: World, changes: dict[str, int]) -> None:
    world.tables.sessions[USER_ID, SESSION_ID] = a_session(**changes)

    world.log_out(token=CURRENT, everywhere=True)

    assert world.version == 7


class CannotEnd(FakeSessions):
    def end(self, user_id: str, session_id: str, *, now: int) -> bool:
        raise UnavailableError(f"{user_id} {session_id} {now}")


def test_a_logout_that_failed_can_be_repeated(world: World) -> None:
    world.sessions = CannotEnd(world.tables)
    with pytest.raises(UnavailableError):
        world.log_out(bearer=LIVE_BEARER)

    world.sessions = FakeSessions(world.tables)

    assert world.log_out(bearer=LIVE_BEARER).revoked is Revoked.SESSION
