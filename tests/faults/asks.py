"""What the functions are asked for while faults happen, and what has happened before."""

from collections.abc import Callable
from typing import Any

from argon2 import PasswordHasher

from rescind import ids
from rescind.issuer_keys import IssuerKeyring
from rescind.rules.logout_tokens import EndedLogin
from rescind.rules.passwords import NO_PASSWORD
from rescind.rules.subject_tokens import SubjectTokenType, verify_subject_token
from rescind.rules.trusted_issuers import external_username, trusted_issuers
from tests import requests
from tests.faults.held import Held, a_new_session
from tests.faults.world import ADA, World
from tests.issuers import CLIENT, ISSUER, LOGIN, SUBJECT
from tests.people import Person
from tests.requests import Call
from tests.things import NEW_PASSWORD, NOW, PASSWORD, a_credential, a_user

Ask = Callable[[World], Call]
"""Makes the world as it is before, and the request."""

EVE = Person(f"usr_{'e' * 21}A", external_username(ISSUER, SUBJECT))
"""She logs in at another issuer."""
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


def keys_are_known(ask: Ask) -> Ask:
    """The sandbox has read and opened all keys, for somebody else."""

    def warm(world: World) -> Call:
        world.ask(requests.refresh(world.held["bob's"].refresh_token))
        return ask(world)

    return warm


# What has happened


def ended(w: World) -> None:
    w.stores.sessions.end(ADA.user_id, w.held["laptop"].session_id, now=1)


def ended_now(w: World) -> None:
    """So that it is announced lately enough to be read."""
    w.stores.sessions.end(ADA.user_id, w.held["laptop"].session_id, now=int(w.clock.now))


def blocked(w: World) -> None:
    w.block(w.held["laptop"])


def logged_out(w: World) -> None:
    w.stores.users.raise_version(ADA.user_id, version=7, now=1)


def deleted(w: World) -> None:
    w.stores.accounts.delete(a_user(user_id=ADA.user_id, username=ADA.username), now=1)


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


def has_been_here(w: World) -> None:
    """Eve, who is known since her first exchange."""
    known = {"user_id": EVE.user_id, "username": EVE.username}
    user = a_user(logged_out_at=0, scope="orders:read", **known)
    w.stores.accounts.create(user, a_credential(password_hash=NO_PASSWORD, **known))


def has_exchanged(w: World) -> None:
    """Eve's token has opened a session, which she holds."""
    has_been_here(w)
    held, row = a_new_session(EVE.user_id, now=NOW, attempt=ids.new_ids().attempt)
    w.held["eve's"] = held
    token = verify_subject_token(
        w.issuer.id_token(),
        token_type=SubjectTokenType.ID_TOKEN,
        issuers=trusted_issuers(f"{ISSUER} {CLIENT}"),
        keys=IssuerKeyring(w.issuer),
        now=NOW,
    )
    w.stores.logins.open(row, token, granted=None, now=1)


def login_has_ended(w: World) -> None:
    """Eve's at the issuer, in the second of her token."""
    has_been_here(w)
    for key in EndedLogin(ISSUER, SUBJECT, LOGIN, NOW).keys:
        w.stores.logins.end(key, at=NOW)


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


def exchange(**claims: Any) -> Ask:
    return lambda w: requests.exchange(w.issuer.id_token(**claims))


def log_out_at_issuer(**claims: Any) -> Ask:
    return lambda w: requests.log_out_at_issuer(w.issuer.logout_token(**claims))


def operator(operation: str, **parameters: Any) -> Ask:
    return lambda _: requests.operate(operation, **parameters)


def keys(event: dict[str, str]) -> Ask:
    return lambda _: Call("keys", event)
