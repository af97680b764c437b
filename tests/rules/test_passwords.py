"""Passwords: what is hashed is verified, and where there is no hash it costs what one costs."""

from dataclasses import replace

import pytest
from argon2 import extract_parameters
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.rules.hash_parameters import LEAST_ITERATIONS, LEAST_MEMORY_KIB, HashParameters
from rescind.rules.passwords import (
    WrongPasswordError,
    dummy_hash,
    hash_password,
    needs_rehash,
    verify_password,
)
from tests.things import PASSWORD

SALT = b"0123456789abcdef"
LEAST = HashParameters(memory_kib=19_456, iterations=2, parallelism=1)
QUICK = HashParameters(memory_kib=64, iterations=1, parallelism=1)
HASH = hash_password(PASSWORD, salt=SALT, parameters=LEAST)


def test_the_right_password_is_verified() -> None:
    verify_password(PASSWORD, password_hash=HASH, parameters=LEAST)


def test_a_hash_of_other_parameters_verifies() -> None:
    verify_password(PASSWORD, password_hash=HASH, parameters=QUICK)


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("", id="empty"),
        pytest.param(PASSWORD[:-1], id="one letter less"),
        pytest.param(PASSWORD + "\0", id="a NUL more"),
        pytest.param(PASSWORD.upper(), id="capitals"),
        pytest.param(HASH, id="the hash itself"),
    ],
)
def test_another_password_is_wrong(password: str) -> None:
    with pytest.raises(WrongPasswordError):
        verify_password(password, password_hash=HASH, parameters=LEAST)


@pytest.mark.parametrize(
    "password_hash",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param(PASSWORD, id="the password itself"),
        pytest.param(HASH[:-1], id="cut off"),
        pytest.param("$argon2id$", id="only its name"),
        pytest.param("$2b$12$abcdefghijklmnopqrstuuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ012", id="long bcrypt"),
        pytest.param(HASH.replace("$argon2id$", "$argon2id$\u00e9"), id="not ASCII"),
    ],
)
def test_a_hash_that_cannot_be_read_lets_nobody_in(password_hash: str | None) -> None:
    with pytest.raises(WrongPasswordError):
        verify_password(PASSWORD, password_hash=password_hash, parameters=QUICK)


@pytest.mark.parametrize("password_hash", [None, "", "$argon2id$"], ids=["none", "empty", "unreadable"])
def test_nobody_gets_in_where_there_is_no_hash_even_by_the_dummys_password(
    monkeypatch: pytest.MonkeyPatch, password_hash: str | None
) -> None:
    known = hash_password(PASSWORD, salt=SALT, parameters=QUICK)
    monkeypatch.setattr("rescind.rules.passwords.dummy_hash", lambda _: known)

    with pytest.raises(WrongPasswordError):
        verify_password(PASSWORD, password_hash=password_hash, parameters=QUICK)


def test_a_hash_is_argon2id_at_the_parameters_that_are_asked_for() -> None:
    assert HASH.startswith("$argon2id$v=19$m=19456,t=2,p=1$")

    other = hash_password(PASSWORD, salt=SALT, parameters=HashParameters(128, 3, 4))

    assert other.startswith("$argon2id$v=19$m=128,t=3,p=4$")


def test_the_least_that_may_be_asked_for_is_no_less_than_owasps_minima() -> None:
    # Password Storage Cheat Sheet, "Argon2id": KiB and iterations, with one lane.
    minima = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)]

    assert (LEAST_MEMORY_KIB, LEAST_ITERATIONS) in minima


def test_the_hash_depends_on_the_salt_and_on_nothing_else() -> None:
    assert hash_password(PASSWORD, salt=SALT, parameters=LEAST) == HASH
    assert hash_password(PASSWORD, salt=b"fedcba9876543210", parameters=LEAST) != HASH


@pytest.mark.parametrize("parameters", [LEAST, HashParameters(262_144, 5, 4)], ids=["least", "most"])
def test_the_dummy_hash_costs_what_a_live_one_costs(parameters: HashParameters) -> None:
    live = extract_parameters(HASH)
    live.memory_cost, live.time_cost = parameters.memory_kib, parameters.iterations
    live.parallelism = parameters.parallelism

    assert extract_parameters(dummy_hash(parameters)) == live
    assert not needs_rehash(dummy_hash(parameters), parameters=parameters)


@pytest.mark.parametrize("password", ["", "A", PASSWORD], ids=["empty", "one letter", "the demo's"])
def test_no_password_has_the_dummy_hash(password: str) -> None:
    with pytest.raises(WrongPasswordError):
        verify_password(password, password_hash=dummy_hash(QUICK), parameters=QUICK)


def test_a_hash_of_the_same_parameters_is_good_as_it_is() -> None:
    assert not needs_rehash(HASH, parameters=LEAST)


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param(replace(LEAST, memory_kib=20_000), id="more memory"),
        pytest.param(replace(LEAST, memory_kib=8_192), id="less memory"),
        pytest.param(replace(LEAST, iterations=3), id="more iterations"),
        pytest.param(replace(LEAST, parallelism=2), id="more lanes"),
    ],
)
def test_a_hash_of_other_parameters_is_to_be_made_anew(parameters: HashParameters) -> None:
    assert needs_rehash(HASH, parameters=parameters)


def test_a_hash_of_another_kind_of_argon2_is_to_be_made_anew() -> None:
    assert needs_rehash(HASH.replace("argon2id", "argon2i"), parameters=LEAST)


@settings(deadline=None, max_examples=50)
@given(password=st.text(min_size=1, max_size=256), other=st.text(min_size=1, max_size=256))
def test_a_password_is_verified_by_its_own_hash_and_by_no_other(password: str, other: str) -> None:
    password_hash = hash_password(password, salt=SALT, parameters=QUICK)

    verify_password(password, password_hash=password_hash, parameters=QUICK)
    if other != password:
        with pytest.raises(WrongPasswordError):
            verify_password(other, password_hash=password_hash, parameters=QUICK)
