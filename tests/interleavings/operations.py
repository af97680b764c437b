"""The requests that may overlap, each with what it presents and what it may do."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from typing import Any

from rescind.flows import end
from rescind.flows.accounts import change_user
from rescind.flows.login import login
from rescind.flows.logout import logout
from rescind.flows.password import change_password
from rescind.flows.refresh import Replayed, Rotated, refresh
from rescind.flows.reset import set_password
from rescind.model import Client, NewIds
from rescind.unavailable import UnavailableError
from tests.fakes import FakeAttempts, FakeTables
from tests.interleavings.world import (
    BEARERS,
    COUNTER,
    NEW_PASSWORD,
    OLD_PASSWORD,
    OWN,
    RESET_PASSWORD,
    World,
    refresh_token,
    session_id,
)
from tests.things import USER_ID

CLIENT = Client(user_agent="test", ip="192.0.2.1")


@dataclass(frozen=True, slots=True)
class Unavailable:
    """It answered 503."""


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    request: Callable[[World], Any]
    at: int = 0
    """Its clock, in seconds from the right time."""
    after: tuple[int, ...] = ()
    """It begins when these have returned."""
    ends: str | None = None
    """The session that it is to end."""
    ends_all: bool = False
    """It is to end everything, or may."""
    password: str | None = None
    """What it opens a session with."""
    presents: int | None = None
    """The counter of the refresh token that it trades in."""
    sets: str | None = None
    """The password that it is to leave behind."""
    scope: str | None = None
    """What it is to grant."""
    claims: str | None = None
    """What it is to have handed on."""

    def run(self, world: World) -> Any:
        try:
            return self.request(world)
        except UnavailableError:
            return Unavailable()


def logging_in(password: str) -> Callable[[World], Any]:
    return lambda world: login(
        "ada",
        password,
        credentials=world.stores.credentials,
        users=world.stores.users,
        sessions=world.stores.sessions,
        # Counting failures touches no row that anything else reads: no switch there.
        attempts=FakeAttempts(FakeTables()),
        keys=world.keys,
        settings=world.settings,
        client=CLIENT,
        nobody="usr_" + "n" * 21 + "A",
        ids=ids_of(world),
        salt=b"0123456789abcdef",
        now_ms=world.now * 1000,
    )


def logging_in_and_rehashing(world: World) -> Any:
    """With other parameters than those of the hash that is there."""
    settings = replace(world.settings, password_hash_iterations=world.settings.password_hash_iterations + 1)
    return logging_in(OLD_PASSWORD)(replace(world, settings=settings))


def refreshing(token: str) -> Callable[[World], Any]:
    return lambda world: refresh(
        token,
        states=world.stores.states,
        sessions=world.stores.sessions,
        keys=world.keys,
        settings=world.settings,
        token_id=ids_of(world).token_id,
        attempt=world.attempt,
        now=world.now,
    )


def refreshing_twice(world: World) -> Any:
    """Goes on with what the first answer gave."""
    outcome = refreshing(refresh_token(OWN, COUNTER))(world)
    if not isinstance(outcome, Rotated | Replayed):
        return outcome
    world.handed.append(outcome.tokens)
    return refreshing(outcome.tokens.refresh_token)(replace(world, attempt=f"{world.attempt}-2"))


def logging_out(
    *, token: int | None, with_bearer: bool = False, everywhere: bool = False
) -> Callable[[World], Any]:
    return lambda world: logout(
        access_token=BEARERS[OWN] if with_bearer else None,
        refresh_token=refresh_token(OWN, token) if token else None,
        everywhere=everywhere,
        keys=world.keys,
        states=world.stores.states,
        sessions=world.stores.sessions,
        users=world.stores.users,
        blocklist=world.stores.blocklist,
        settings=world.settings,
        now=world.now,
    )


def changing_the_password(world: World) -> Any:
    return change_password(
        OLD_PASSWORD,
        NEW_PASSWORD,
        user_id=USER_ID,
        session_id=OWN,
        states=world.stores.states,
        credentials=world.stores.credentials,
        accounts=world.stores.accounts,
        sessions=world.stores.sessions,
        # Counting failures touches no row that anything else reads: no switch there.
        attempts=FakeAttempts(FakeTables()),
        keys=world.keys,
        settings=world.settings,
        client=CLIENT,
        ids=ids_of(world),
        salt=b"0123456789abcdef",
        common=(),
        now_ms=world.now * 1000,
    )


def setting_the_password(world: World) -> Any:
    return set_password(
        USER_ID,
        RESET_PASSWORD,
        users=world.stores.users,
        credentials=world.stores.credentials,
        accounts=world.stores.accounts,
        attempt=world.attempt,
        salt=b"0123456789abcdef",
        parameters=world.settings.hash_parameters,
        common=(),
        now=world.now,
    )


def changing_the_user(name: str, *, scope: str | None = None, claims: str | None = None) -> Operation:
    def request(world: World) -> Any:
        return change_user(USER_ID, scope=scope, claims=claims, users=world.stores.users, now=world.now)

    return Operation(name, request, scope=scope, claims=claims)


def ids_of(world: World) -> NewIds:
    return NewIds(session_id(world.letter), "tok_" + world.letter * 21 + "A", world.attempt)


LOGIN = Operation("login", logging_in(OLD_PASSWORD), password=OLD_PASSWORD)
LOGIN_THAT_REHASHES = Operation("login-that-rehashes", logging_in_and_rehashing, password=OLD_PASSWORD)
LOGIN_WITH_NEW = Operation("login-with-the-new-password", logging_in(NEW_PASSWORD), password=NEW_PASSWORD)
REFRESH = Operation("refresh", refreshing(refresh_token(OWN, COUNTER)), presents=COUNTER)
REFRESH_USED = Operation("refresh-used", refreshing(refresh_token(OWN, COUNTER - 1)), presents=COUNTER - 1)
REFRESH_TWICE = Operation("refresh-twice", refreshing_twice, presents=COUNTER + 1)
LOGOUT = Operation("logout", logging_out(token=COUNTER), ends=OWN)
LOGOUT_USED = Operation("logout-used", logging_out(token=COUNTER - 1), ends=OWN)
LOGOUT_BEARER = Operation("logout-bearer", logging_out(token=None, with_bearer=True), ends=OWN)
LOGOUT_BOTH = Operation("logout-both", logging_out(token=COUNTER, with_bearer=True), ends=OWN)
EVERYWHERE = Operation("everywhere", logging_out(token=COUNTER, everywhere=True), ends=OWN, ends_all=True)
EVERYWHERE_BEARER = Operation(
    "everywhere-bearer",
    logging_out(token=None, with_bearer=True, everywhere=True),
    ends=OWN,
    ends_all=True,
)
CHANGE_PASSWORD = Operation(
    "password", changing_the_password, ends_all=True, password=NEW_PASSWORD, sets=NEW_PASSWORD
)
RESET = Operation("reset", setting_the_password, ends_all=True, sets=RESET_PASSWORD)
LOGIN_AFTER_RESET = Operation(
    "login-with-the-password-from-the-desk", logging_in(RESET_PASSWORD), password=RESET_PASSWORD
)
GRANT = changing_the_user("grant", scope="orders:read admin")
TAKE_AWAY = changing_the_user("take-away", scope="")
CLAIM = changing_the_user("claim", claims='{"plan":"silver"}')
DISABLE = Operation(
    "disable", lambda world: end.disable(USER_ID, users=world.stores.users, now=world.now), ends_all=True
)
ENABLE = Operation("enable", lambda world: end.enable(USER_ID, users=world.stores.users))
REVOKE = Operation(
    "revoke", lambda world: end.revoke(USER_ID, users=world.stores.users, now=world.now), ends_all=True
)
END_SESSION = Operation(
    "end-session", lambda world: world.stores.sessions.end(USER_ID, OWN, now=world.now), ends=OWN
)

ALL = (
    LOGIN,
    LOGIN_WITH_NEW,
    REFRESH,
    REFRESH_USED,
    REFRESH_TWICE,
    LOGOUT,
    LOGOUT_USED,
    LOGOUT_BEARER,
    LOGOUT_BOTH,
    EVERYWHERE,
    EVERYWHERE_BEARER,
    CHANGE_PASSWORD,
    DISABLE,
    ENABLE,
    REVOKE,
    END_SESSION,
    RESET,
    GRANT,
)

Operations = tuple[Operation, ...]

PAIRS = [
    *combinations_with_replacement(ALL, 2),
    (LOGIN_THAT_REHASHES, CHANGE_PASSWORD),
    (LOGIN_THAT_REHASHES, RESET),
    (LOGIN_AFTER_RESET, RESET),
    (GRANT, TAKE_AWAY),
    (GRANT, CLAIM),
]
LOGOUTS = (LOGOUT, LOGOUT_USED, LOGOUT_BEARER, LOGOUT_BOTH)
REFRESH_REFRESH_LOGOUT = [(REFRESH, REFRESH, each) for each in LOGOUTS]
SKEWS = (-5, 5)
"""What two hosts' clocks may be away from the right time."""


def named(operations: Operations) -> str:
    return "-and-".join(operation.name for operation in operations)


def by_clocks(operations: Operations, skews: tuple[int, ...]) -> Operations:
    return tuple(replace(each, at=skew) for each, skew in zip(operations, skews, strict=True))
