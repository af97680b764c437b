"""What users, operators and services ask for, each with the world as it is before."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests import requests
from tests.faults import asks
from tests.faults.world import ADA, World
from tests.issuers import CLIENT, ISSUER
from tests.requests import Call
from tests.things import NEW_PASSWORD

_USER_AGENT = "x" * 110  # as long as a browser's


@dataclass(frozen=True)
class Operation:
    name: str
    """As the page has it."""
    ask: asks.Ask
    settings: Mapping[str, str] = field(default_factory=dict)
    """As the environment has them, where they are others than usual."""


def with_sessions(number: int, ask: asks.Ask) -> asks.Ask:
    """Ada has so many in all."""

    def among_others(world: World) -> Call:
        for _ in range(number - 2):  # She begins with two.
            world.open_session(user_agent=_USER_AGENT)
        return ask(world)

    return among_others


def _logout(world: World) -> Call:
    return requests.log_out(world.held["laptop"].refresh_token)


def _logout_by_bearer(world: World) -> Call:
    return requests.log_out_by_bearer(world.held["laptop"].tokens)


def _logout_everywhere(world: World) -> Call:
    return requests.log_out_by_bearer(world.held["laptop"].tokens, everywhere=True)


def _list_sessions(world: World) -> Call:
    return requests.list_sessions(ADA, world.held["laptop"].tokens)


def _me(world: World) -> Call:
    return requests.say_who(ADA, world.held["laptop"].tokens)


AUTHORIZATION = Operation("authorization", asks.authorizer)
LOGIN = Operation("login", asks.login())
REFRESH = Operation("refresh", asks.refresh)
LOGOUT = Operation("logout, by refresh token", _logout)
EXCHANGE = Operation(
    "exchange", asks.after(asks.has_been_here, asks.exchange()), {"TRUSTED_ISSUERS": f"{ISSUER} {CLIENT}"}
)
LOGOUT_AT_ISSUER = Operation(
    "logout at the issuer, of a login", asks.after(asks.has_exchanged, asks.log_out_at_issuer())
)

OPERATIONS = [
    AUTHORIZATION,
    Operation("authorization, refused", asks.after(asks.ended, asks.authorizer)),
    LOGIN,
    Operation("login, as the 20th session", with_sessions(19, asks.login())),
    Operation("login, hashed anew", asks.after(asks.hashed_with_more_memory, asks.login())),
    Operation("login, wrong password", asks.login(password=NEW_PASSWORD)),
    REFRESH,
    Operation("refresh, repeated within the grace", asks.refresh_of(2)),
    Operation("refresh, reused", asks.refresh_of(3)),
    LOGOUT,
    Operation("logout, by access token", _logout_by_bearer),
    Operation("logout, everywhere", _logout_everywhere),
    Operation("list of sessions", _list_sessions),
    Operation("list of sessions, of 20", with_sessions(20, _list_sessions)),
    Operation("end of one session", asks.end_the_phone),
    Operation("password change", asks.password()),
    EXCHANGE,
    Operation("exchange, of an issuer that grants scopes", asks.after(asks.has_been_here, asks.exchange())),
    Operation("exchange, first use", asks.exchange()),
    LOGOUT_AT_ISSUER,
    Operation(
        "logout at the issuer, of a user", asks.after(asks.has_exchanged, asks.log_out_at_issuer(sid=None))
    ),
    Operation("introspection", asks.introspect),
    Operation("who is calling (the example route)", _me),
]

COLD = [AUTHORIZATION, LOGIN, REFRESH, LOGOUT, EXCHANGE]
"""Asked of a new sandbox, too."""


def warm_up(world: World) -> None:
    """The sandbox has read and opened all keys, for somebody else."""
    world.ask(requests.refresh(world.held["bob's"].refresh_token))
    world.ask(requests.ask_authorizer(world.held["bob's"].tokens))
