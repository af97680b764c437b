"""Passwords: what is hashed is verified, and an unknown user costs what a known one does."""

import pytest
from argon2 import extract_parameters
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.rules.passwords import DUMMY_HASH, WrongPasswordError, hash_password, verify_password
from tests.things import PASSWORD

SALT = b"0123456789abcdef"
HASH = hash_password(PASSWORD, salt=SALT)


def test_the_right_password_is_verified() -> None:
    verify_password(PASSWORD, password_hash=HASH)


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
        verify_password(password, password_hash=HASH)


@pytest.mark.parametrize(
    "password_hash",
    [
        pytest.param("", id="empty"),
        pytest.param(PASSWORD, id="the password itself"),
        pytest.param(HASH[:-1], id="cut off"),
        pytest.param("$argon2id$", id="only its name"),
        pytest.param("$2b$12$abcdefghijklmnopqrstuuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ012", id="bcrypt"),
        pytest.param(HASH.replace("$argon2id$", "$argon2id$\u00e9"), id="not ASCII"),
    ],
)
def test_a_hash_that_cannot_be_read_lets_nobody_in(password_hash: str) -> None:
    with pytest.raises(WrongPasswordError):
        verify_password(PASSWORD, password_hash=password_hash)


def test_a_hash_is_argon2id_at_owasps_minimum() -> None:
    assert HASH.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_the_hash_depends_on_the_salt_and_on_nothing_else() -> None:
    assert hash_password(PASSWORD, salt=SALT) == HASH
    assert hash_password(PASSWORD, salt=b"fedcba9876543210") != HASH


def test_the_dummy_hash_costs_what_a_live_one_costs() -> None:
    assert extract_parameters(DUMMY_HASH) == extract_parameters(HASH)
    assert len(DUMMY_HASH) == len(HASH)


@pytest.mark.parametrize("password", ["", "A", PASSWORD], ids=["empty", "one letter", "the demo's"])
def test_no_password_has_the_dummy_hash(password: str) -> None:
    with pytest.raises(WrongPasswordError):
        verify_password(password, password_hash=DUMMY_HASH)


@settings(deadline=None, max_examples=10)
@given(password=st.text(min_size=1, max_size=256), other=st.text(min_size=1, max_size=256))
def test_a_password_is_verified_by_its_own_hash_and_by_no_other(password: str, other: str) -> None:
    password_hash = hash_password(password, salt=SALT)

    verify_password(password, password_hash=password_hash)
    if other != password:
        with pytest.raises(WrongPasswordError):
            verify_password(other, password_hash=password_hash)
