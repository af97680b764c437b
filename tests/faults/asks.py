"""What the functions are asked for while faults happen, and what has happened before."""

from collections.abc import Callable
from typing import Any

from argon2 import PasswordHasher

from tests import requests
from tests.faults.held import Held
from tests.faults.world import ADA, World
from tests.people import Person
from tests.requests import Call
from tests.things import NEW_PASSWORD, PASSWORD, a_credential, a_user

Ask = Callable[[World], Call]
"""Makes the world as it is before, and the request."""

_OF_MORE_MEMORY = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(PASSWORD, salt=bytes(16))


def after(happens: Callable[[World], object], ask: Ask) -> Ask:
    def both(world: World) -> Call:
        call = ask(world)
        happens(world)
        return call

    return both


def keys_are_due(ask: Callable[[World, str], Call]) -> Ask:
    """The sandbox has read its keys 61 s ago, for a request of the phone's."""

    def later(world: World) -> Call:
        world.ask(ask(world, "phone"))
        world.clock.now += 61
        return ask(world, "laptop")

    return later


# What has happened


def ended(w: World) -> None:
    w.stores.sessions.end(ADA.user_id, w.held["laptop"].session_id, now=1)


def blocked(w: World) -> None:
    w.block(w.held["laptop"])


def logged_out(w: World) -> None:
    w.stores.users.raise_version(ADA.user_id, version=7, now=1)


def deleted(w: World) -> None:
    w.stores.accounts.delete(a_user(user_id=ADA.user_id, username=ADA.username))


def disabled(w: World) -> None:
    w.ask(requests.operate("disableUser", user_id=ADA.user_id))


def hashed_with_more_memory(w: World) -> None:
    credential = a_credential(user_id=ADA.user_id, username=ADA.username)
    w.stores.credentials.rehash(credential, password_hash=_OF_MORE_MEMORY)


def no_keys(w: World) -> None:
    w.tables.empty("Keys")


def failed_long_ago(w: World) -> None:
    """Longer than any window, so that a count has to leave it out."""
    now = w.clock.now
    w.clock.now -= 2 * 86_400
    w.ask(login(password=NEW_PASSWORD)(w))
    w.clock.now = now


# What is asked for


def authorizer(w: World, name: str = "laptop") -> Call:
    return requests.ask_authorizer(w.held[name].tokens)


def login(who: Person = ADA, password: str = PASSWORD) -> Ask:
    return lambda _: requests.log_in(who, password)


def refresh(w: World, name: str = "laptop") -> Call:
    return requests.refresh(w.held[name].refresh_token)


def refresh_of(counter: int) -> Ask:
    """The first refresh token of a session that is further than that."""

    def ask(w: World) -> Call:
        w.held["laptop"] = w.open_session(counter=counter)
        return refresh(w)

    return ask


def of_laptop(ask: Callable[[Held], Call]) -> Ask:
    """What Ada asks for with the tokens of her laptop, or somebody asks of them."""
    return lambda w: ask(w.held["laptop"])


def end_the_phone(w: World) -> Call:
    return requests.end_session(ADA, w.held["laptop"].tokens, w.held["phone"].session_id)


def end_the_laptop(w: World) -> Call:
    return requests.end_session(ADA, w.held["laptop"].tokens, w.held["laptop"].session_id)


def password(current: str = PASSWORD) -> Ask:
    return of_laptop(lambda held: requests.change_password(ADA, held.tokens, current, NEW_PASSWORD))


def introspect(w: World) -> Call:
    return requests.introspect(w.held["laptop"].access_token)


def operator(operation: str, **parameters: Any) -> Ask:
    return lambda _: requests.operate(operation, **parameters)


def keys(event: dict[str, str]) -> Ask:
    return lambda _: Call("keys", event)
