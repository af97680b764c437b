"""What the functions are asked for while faults happen: each way that leads to AWS, and its calls."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.faults.expected_calls import CALLS
from tests.faults.world import ADA, BOB, NEW_PASSWORD, Event, Held, World
from tests.functions.conftest import recorded
from tests.things import MAC_KEY, PASSWORD, SIGNING_KEY, a_user

Ask = Callable[[World], Event]
OPERATOR = "arn:aws:sts::123456789012:assumed-role/operators/grace"
HASH = "$2b$04$Ma9Rke7dBcr3yptS4alt2.uIM1n9Q8b7V6c5X4z3L2k1J0h9G8f7e"


@dataclass(frozen=True)
class Scenario:
    function: str
    name: str
    ask: Ask
    again: frozenset[int] = frozenset()
    """What else a client may be told who asks again, because the first time it was done."""
    undone: Callable[[Any], bool] = lambda _: False
    """Whether the body of a success itself says what could not be read or done."""
    leaves: tuple[str, ...] = ()
    """Of what something is left over that nobody holds, when even cleaning up fails."""

    @property
    def id(self) -> str:
        return f"{self.function}/{self.name}"

    @property
    def calls(self) -> tuple[str, ...]:
        return CALLS[self.id]


def _presenting(w: World, name: str = "laptop") -> Event:
    return _with_bearer("authorizer-rest-request", w.held[name])


def _with_bearer(name: str, held: Held, **given: Any) -> Event:
    return recorded(name, headers={"Authorization": f"Bearer {held.access_token}"}, **given)


def _after(happens: Callable[[World], object], ask: Ask) -> Ask:
    def both(world: World) -> Event:
        event = ask(world)
        happens(world)
        return event

    return both


def _ended(w: World) -> None:
    w.stores.sessions.end(ADA, w.held["laptop"].session_id, now=1)


def _blocked(w: World) -> None:
    w.block(w.held["laptop"])


def _logged_out(w: World) -> None:
    w.stores.users.raise_version(ADA, version=7, now=1)


def _deleted(w: World) -> None:
    w.stores.accounts.delete(a_user(user_id=ADA, username="ada"))


def _keys_are_due(function: str, ask: Callable[[World, str], Event]) -> Ask:
    """The sandbox has read its keys 61 s ago, for a request of the phone's."""

    def later(world: World) -> Event:
        world.invoke(function, ask(world, "phone"))
        world.seconds_later = 61
        return ask(world, "laptop")

    return later


def _login(**body: str) -> Ask:
    return lambda _: recorded("login", body={"username": "ada", "password": PASSWORD, **body})


def _refresh(w: World, name: str = "laptop") -> Event:
    return recorded("refresh", body={"refresh_token": w.held[name].refresh_token})


def _refresh_of(counter: int) -> Ask:
    """The first refresh token of a session that is further than that."""

    def ask(w: World) -> Event:
        w.held["laptop"] = w.session(ADA, counter=counter)
        return _refresh(w)

    return ask


def _logout(**body: object) -> Ask:
    return lambda w: recorded("logout", body={"refresh_token": w.held["laptop"].refresh_token, **body})


def _logout_by_bearer(**body: object) -> Ask:
    return lambda w: _with_bearer("logout", w.held["laptop"], body=body)


def _admitted(name: str, body: object = None) -> Ask:
    """A request that the authorizer has let through, from Ada's laptop."""

    def ask(w: World) -> Event:
        event, held = recorded(name, body=body), w.held["laptop"]
        event["requestContext"]["authorizer"] |= {"sub": ADA, "sid": held.session_id, "jti": held.token_id}
        return event

    return ask


def _end_session(w: World) -> Event:
    of_one = {
        "httpMethod": "DELETE",
        "resource": "/auth/sessions/{session_id}",
        "pathParameters": {"session_id": w.held["phone"].session_id},
    }
    return _admitted("sessions")(w) | of_one


def _password(current: str = PASSWORD) -> Ask:
    change = {"current_password": current, "new_password": NEW_PASSWORD}
    return _admitted("password", change)


def _oauth(name: str, token: str) -> Ask:
    return lambda w: recorded(name, body={"token": getattr(w.held["laptop"], token)})


def _operator(operation: str, **parameters: Any) -> Ask:
    """A direct invocation of the admin function; a callable parameter is given the world."""

    def ask(w: World) -> Event:
        given = {name: value(w) if callable(value) else value for name, value in parameters.items()}
        return {"operation": operation, "operator": OPERATOR, "parameters": given}

    return ask


def _laptop(what: str) -> Callable[[World], str]:
    return lambda w: getattr(w.held["laptop"], what)


def _disabled(w: World) -> None:
    w.invoke("admin", _operator("disableUser", user_id=ADA)(w))


IMPORTED = [{"username": "carol", "password_hash": HASH}, {"username": "dave", "password_hash": HASH}]
CREATED = {"username": "carol", "password": NEW_PASSWORD, "scope": "orders:read"}


def _not_all_done(body: Any) -> bool:
    return any(result["outcome"] == "not_done" for result in body["results"])


def _not_all_read(body: Any) -> bool:
    return bool(body["unreadable"])


def _reported(body: Any) -> bool:
    return any(table["failure"] for table in body["tables"])


SCENARIOS = [
    Scenario("authorizer", "live", _presenting),
    Scenario("authorizer", "live, keys due", _keys_are_due("authorizer", _presenting)),
    Scenario("authorizer", "session ended", _after(_ended, _presenting)),
    Scenario("authorizer", "blocked", _after(_blocked, _presenting)),
    Scenario("authorizer", "logged out everywhere", _after(_logged_out, _presenting)),
    Scenario("authorizer", "deleted", _after(_deleted, _presenting)),
    Scenario("login", "right password", _login(), leaves=("live sessions",)),
    Scenario("login", "wrong password", _login(password=NEW_PASSWORD)),
    Scenario("login", "nobody", _login(username="nobody")),
    Scenario("refresh", "current", _refresh),
    Scenario("refresh", "current, keys due", _keys_are_due("refresh", _refresh)),
    Scenario("refresh", "used a moment ago", _refresh_of(2)),
    Scenario("refresh", "reused", _refresh_of(3)),
    Scenario("refresh", "session ended", _after(_ended, _refresh)),
    Scenario("logout", "session", _logout()),
    Scenario("logout", "everywhere", _logout(everywhere=True)),
    Scenario("logout", "by access token", _logout_by_bearer()),
    Scenario("logout", "by access token, everywhere", _logout_by_bearer(everywhere=True)),
    Scenario("sessions", "list", _admitted("sessions")),
    Scenario("sessions", "end", _end_session, again=frozenset({404})),
    Scenario("password", "right", _password(), again=frozenset({401})),
    Scenario("password", "wrong", _password("wrong-horse-battery-staple")),
    Scenario("oauth", "revoke a session", _oauth("oauth", "refresh_token")),
    Scenario("oauth", "revoke a token", _oauth("oauth", "access_token")),
    Scenario("oauth", "introspect", _oauth("oauth-introspect", "access_token")),
    Scenario("oauth", "introspect, ended", _after(_ended, _oauth("oauth-introspect", "access_token"))),
    Scenario("jwks", "list", lambda _: recorded("jwks")),
    Scenario("admin", "createUser", _operator("createUser", **CREATED), again=frozenset({409})),
    Scenario("admin", "findUser", _operator("findUser", username="ada")),
    Scenario("admin", "getUser", _operator("getUser", user_id=ADA)),
    Scenario("admin", "changeUser", _operator("changeUser", user_id=ADA, scope="orders:read")),
    Scenario("admin", "deleteUser", _operator("deleteUser", user_id=ADA), again=frozenset({404})),
    Scenario("admin", "disableUser", _operator("disableUser", user_id=ADA)),
    Scenario("admin", "enableUser", _after(_disabled, _operator("enableUser", user_id=ADA))),
    Scenario("admin", "revokeUser", _operator("revokeUser", user_id=ADA)),
    Scenario("admin", "setPassword", _operator("setPassword", user_id=ADA, password=NEW_PASSWORD)),
    Scenario("admin", "revokeToken", _operator("revokeToken", token=_laptop("access_token"))),
    Scenario("admin", "revokeToken, of a session", _operator("revokeToken", token=_laptop("refresh_token"))),
    Scenario("admin", "revokeToken, by its id", _operator("revokeToken", token_id=_laptop("token_id"))),
    Scenario("admin", "listUsers", _operator("listUsers"), undone=_not_all_read),
    Scenario("admin", "importUsers", _operator("importUsers", users=IMPORTED), undone=_not_all_done),
    Scenario("admin", "listUserSessions", _operator("listUserSessions", user_id=BOB)),
    Scenario("admin", "revokeEveryone", _operator("revokeEveryone"), undone=_not_all_read),
    Scenario("admin", "explainToken", _operator("explainToken", token=_laptop("access_token"))),
    Scenario("admin", "listKeys", _operator("listKeys")),
    Scenario("admin", "checkDeployment", _operator("checkDeployment"), undone=_reported),
    Scenario("keys", "daily", lambda _: recorded("keys")),
    Scenario("keys", "rotate now", lambda _: {"rotate": "now"}),
    Scenario("keys", "revoke one", lambda _: {"revoke": SIGNING_KEY.kid}),
    Scenario("keys", "revoke one of refresh tokens", lambda _: {"revoke": MAC_KEY.key_id}),
    Scenario("keys", "revoke all", lambda _: {"revoke": "all"}),
    Scenario("canary", "flight", lambda _: recorded("canary"), leaves=("users", "passwords", "can log in")),
]
