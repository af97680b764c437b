"""Rule 14 of docs/rules.md: a login that hashes anew replaces the hash that it verified, and no other."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import bcrypt
import pytest
from argon2 import PasswordHasher, Type

from rescind.flows.issue import Refused, Tokens
from rescind.flows.password import WrongPassword
from rescind.flows.throttle import Throttled
from rescind.model import Credential, Status
from rescind.rules.passwords import hash_password, verify_password
from rescind.unavailable import UnavailableError
from tests.fakes import FakeCredentials, FakeTables
from tests.model.world import World
from tests.things import NOW, PASSWORD, SETTINGS, USER_ID, a_credential, a_user

TODAY = SETTINGS.hash_parameters
SALT = b"0123456789abcdef"
NEW_HASH = hash_password("another-password", salt=SALT, parameters=TODAY)
OLD_HASHES = {
    name: hash_password(PASSWORD, salt=SALT, parameters=parameters)
    for name, parameters in {
        "less-memory": replace(TODAY, memory_kib=8192),
        "more-memory": replace(TODAY, memory_kib=20_000),
        "one-pass": replace(TODAY, iterations=1),
        "two-lanes": replace(TODAY, parallelism=2),
    }.items()
}
IMPORTED = {
    "argon2i": PasswordHasher(1, 64, 1, type=Type.I).hash(PASSWORD, salt=SALT),
    "bcrypt": bcrypt.hashpw(PASSWORD.encode(), b"$2b$04$abcdefghijklmnopqrstuu").decode(),
}
OLD_HASH = OLD_HASHES["less-memory"]


def a_world(password_hash: str = OLD_HASH, **user: Any) -> World:
    credential = a_credential(password_hash=password_hash)
    return World(tables=FakeTables(credentials={"ada": credential}, users={USER_ID: a_user(**user)}))


def credential_of(world: World) -> Credential:
    return world.tables.credentials["ada"]


def log_in(world: World, password: str = PASSWORD) -> Tokens | Refused | Throttled:
    return world.log_in("ada", password, now=NOW)


@pytest.mark.parametrize("old_hash", [*OLD_HASHES.values(), *IMPORTED.values()], ids=[*OLD_HASHES, *IMPORTED])
def test_a_login_hashes_anew_what_has_other_parameters(old_hash: str) -> None:
    world = a_world(old_hash)

    assert isinstance(log_in(world), Tokens)

    credential = credential_of(world)
    assert credential.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    verify_password(PASSWORD, password_hash=credential.password_hash, parameters=TODAY)
    assert credential == a_credential(password_hash=credential.password_hash)
    assert isinstance(log_in(world), Tokens)


def test_a_hash_of_todays_parameters_is_left_alone() -> None:
    world = a_world(hash_password(PASSWORD, salt=SALT, parameters=TODAY))
    before = credential_of(world)

    log_in(world)

    assert credential_of(world) is before


@pytest.mark.parametrize(
    ("user", "password"),
    [
        pytest.param({}, "guess", id="wrong-password"),
        pytest.param({"status": Status.DISABLED}, PASSWORD, id="disabled-user"),
    ],
)
def test_a_refused_login_hashes_nothing_anew(user: dict[str, Any], password: str) -> None:
    world = a_world(**user)

    assert isinstance(log_in(world, password), Refused)

    assert credential_of(world).password_hash == OLD_HASH


class Meanwhile:
    """Something happens to the rows after the password was verified, right before the new hash is written."""

    def __init__(self, store: Any, happens: Callable[[FakeTables], None]) -> None:
        self._store = store
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def rehash(self, credential: Credential, *, password_hash: str) -> bool:
        self._happens(self._store.tables)
        return bool(self._store.rehash(credential, password_hash=password_hash))


def change_the_password(tables: FakeTables) -> None:
    tables.credentials["ada"] = a_credential(password_hash=NEW_HASH, password_version=4)
    tables.users[USER_ID] = a_user(password_version=4, token_version=8)


def make_the_user_again(tables: FakeTables) -> None:
    user_id = "usr_" + "o" * 21 + "A"
    tables.users = {user_id: a_user(user_id=user_id)}
    tables.credentials["ada"] = a_credential(user_id=user_id, password_hash=NEW_HASH)


@pytest.mark.parametrize("happens", [change_the_password, make_the_user_again])
def test_a_new_password_is_kept(happens: Callable[[FakeTables], None]) -> None:
    world = a_world()
    world.through = meanwhile(happens)

    log_in(world)

    assert credential_of(world).password_hash == NEW_HASH


def test_a_deleted_user_stays_deleted() -> None:
    world = a_world()
    world.through = meanwhile(lambda tables: tables.credentials.clear())

    log_in(world)

    assert world.tables.credentials == {}


def meanwhile(happens: Callable[[FakeTables], None]) -> Callable[[Any], Any]:
    return lambda store: Meanwhile(store, happens) if isinstance(store, FakeCredentials) else store


def fail(_tables: FakeTables) -> None:
    raise UnavailableError("the table does not answer")


def test_a_new_hash_that_cannot_be_written_fails_no_login() -> None:
    world = a_world()
    world.through = meanwhile(fail)

    assert isinstance(log_in(world), Tokens)

    assert credential_of(world).password_hash == OLD_HASH


@pytest.mark.parametrize("imported", IMPORTED.values(), ids=IMPORTED.keys())
def test_a_password_is_changed_whose_imported_hash_could_not_be_replaced(imported: str) -> None:
    world = a_world(imported)
    world.through = meanwhile(fail)
    tokens = log_in(world)
    assert isinstance(tokens, Tokens)

    guessed = world.change_password(tokens.access_token, "guess", "another-password", now=NOW)
    changed = world.change_password(tokens.access_token, PASSWORD, "another-password", now=NOW)

    assert isinstance(guessed, WrongPassword)
    assert isinstance(changed, Tokens)
    verify_password("another-password", password_hash=credential_of(world).password_hash, parameters=TODAY)


def test_two_deployments_of_different_parameters_both_let_in() -> None:
    world = a_world()
    other = replace(world, settings=replace(SETTINGS, password_hash_iterations=3))

    assert isinstance(log_in(world), Tokens)
    assert isinstance(log_in(other), Tokens)
    assert isinstance(log_in(world), Tokens)

    assert ",t=2," in credential_of(world).password_hash
