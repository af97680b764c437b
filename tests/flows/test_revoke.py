"""What whoever holds a token may end with it (RFC 7009)."""

from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from rescind.flows.end import Revoked
from rescind.flows.revoke import RevokedToken, revoke_presented_token
from rescind.rules.access_tokens import SigningKey, sign_access_token
from rescind.rules.refresh_tokens import MacKey, sign_refresh_token
from rescind.unavailable import UnavailableError
from tests.fakes import FakeBlocklist, FakeKeyring, FakeSessions, FakeTables
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

ANOTHER = ec.derive_private_key(20_261_124, ec.SECP256R1())
ACCESS_TOKEN = sign_access_token(some_claims(), key=SIGNING_KEY)
CURRENT = sign_refresh_token(USER_ID, SESSION_ID, 4, key=MAC_KEY)
USED = sign_refresh_token(USER_ID, SESSION_ID, 1, key=MAC_KEY)
FORGED = sign_refresh_token(USER_ID, SESSION_ID, 4, key=MacKey(MAC_KEY.key_id, b"f" * 32))
OF_AN_UNKNOWN_KEY = sign_refresh_token(USER_ID, SESSION_ID, 4, key=MacKey("mac_" + "x" * 21 + "A", b"m" * 32))


class NoWrite(FakeSessions):
    def end(self, user_id: str, session_id: str, *, now: int) -> bool:
        raise UnavailableError(f"{user_id} {session_id} {now}")


@dataclass
class World:
    tables: FakeTables

    def revoke(self, token: str, *, sessions: type[FakeSessions] = FakeSessions) -> RevokedToken:
        return revoke_presented_token(
            token,
            keys=FakeKeyring(),
            sessions=sessions(self.tables),
            blocklist=FakeBlocklist(self.tables),
            settings=SETTINGS,
            now=NOW,
        )

    @property
    def is_live(self) -> bool:
        return self.tables.sessions[USER_ID, SESSION_ID].revoked_at is None


@pytest.fixture
def world() -> World:
    return World(FakeTables(users={USER_ID: a_user()}, sessions={(USER_ID, SESSION_ID): a_session()}))


@pytest.mark.parametrize("token", [CURRENT, USED], ids=["current", "used"])
def test_a_refresh_token_ends_its_session(world: World, token: str) -> None:
    assert world.revoke(token) == RevokedToken(Revoked.SESSION, USER_ID, SESSION_ID)

    assert not world.is_live
    assert world.tables.blocklist == {}


def test_an_access_token_is_blocked_for_its_life_and_its_session_lives(world: World) -> None:
    assert world.revoke(ACCESS_TOKEN) == RevokedToken(Revoked.TOKEN, USER_ID, SESSION_ID, TOKEN_ID)

    assert world.is_live
    [blocked] = world.tables.blocklist.values()
    assert (blocked.jti, blocked.user_id, blocked.ttl) == (TOKEN_ID, USER_ID, NOW + 800 + 120)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("garbage", id="garbage"),
        pytest.param(FORGED, id="a forged mac"),
        pytest.param(OF_AN_UNKNOWN_KEY, id="a mac of an unknown key"),
        pytest.param(CURRENT + " ", id="a refresh token and a space"),
        pytest.param(CURRENT + "\0", id="a refresh token and a NUL"),
        pytest.param(
            sign_access_token(some_claims(), key=SigningKey(SIGNING_KEY.kid, ANOTHER)),
            id="a forged signature",
        ),
        pytest.param(sign_access_token(some_claims(exp=NOW), key=SIGNING_KEY), id="expired"),
        pytest.param(
            sign_access_token(some_claims(aud="another"), key=SIGNING_KEY), id="of another audience"
        ),
    ],
)
def test_what_proves_nothing_ends_nothing(world: World, token: str) -> None:
    assert world.revoke(token) == RevokedToken(Revoked.NOTHING)

    assert world.is_live
    assert world.tables.blocklist == {}


def test_to_revoke_a_refresh_token_twice_ends_nothing_more(world: World) -> None:
    world.revoke(CURRENT)

    assert world.revoke(CURRENT).revoked is Revoked.NOTHING


def test_a_session_that_is_gone_is_not_made_again(world: World) -> None:
    world.tables.sessions.clear()

    assert world.revoke(CURRENT).revoked is Revoked.NOTHING
    assert world.tables.sessions == {}


def test_what_failed_is_not_taken_for_done(world: World) -> None:
    with pytest.raises(UnavailableError):
        world.revoke(CURRENT, sessions=NoWrite)

    assert world.revoke(CURRENT).revoked is Revoked.SESSION
