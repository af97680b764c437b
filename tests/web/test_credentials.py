"""Usernames and passwords of a request: prepared, bounded before and after, never repeated in an answer."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from rescind.rules.weak_passwords import Weakness
from rescind.web.credentials import advice, new_password_of, password_of, username_of
from rescind.web.requests import InvalidRequestError

Reader = Callable[[Mapping[str, Any]], str]

USERNAME: Reader = username_of
PASSWORD: Reader = partial(password_of, name="password")
NEW_PASSWORD: Reader = partial(new_password_of, name="password")

E_ACUTE = "e\u0301"
"""Two characters, and one when they are prepared."""
DIALYTIKA_TONOS = "\u0344"
"""One character, and two when it is prepared."""


@pytest.mark.parametrize(
    ("read", "members", "read_as"),
    [
        pytest.param(USERNAME, {"username": "Ada"}, "ada", id="username"),
        pytest.param(USERNAME, {"username": "u" * 256}, "u" * 256, id="longest-username"),
        pytest.param(PASSWORD, {"password": "p"}, "p", id="shortest-password"),
        pytest.param(PASSWORD, {"password": "p" * 256}, "p" * 256, id="longest-password"),
        pytest.param(PASSWORD, {"password": "a\u3000B"}, "a B", id="password"),
        pytest.param(NEW_PASSWORD, {"password": "\U0001f40e" * 256}, "\U0001f40e" * 256, id="1-kB"),
        pytest.param(NEW_PASSWORD, {"password": "12345678"}, "12345678", id="shortest-new-password"),
        pytest.param(NEW_PASSWORD, {"password": E_ACUTE * 8}, "\u00e9" * 8, id="8-when-prepared"),
    ],
)
def test_what_is_read_is_prepared(read: Reader, members: dict[str, str], read_as: str) -> None:
    assert read(members) == read_as


@pytest.mark.parametrize(
    ("read", "members", "described"),
    [
        pytest.param(USERNAME, {}, "username is missing.", id="no-username"),
        pytest.param(USERNAME, {"username": 7}, "username is not a string.", id="a-number"),
        pytest.param(
            USERNAME, {"username": "u" * 257}, "username must have 1 to 256 characters.", id="long-username"
        ),
        pytest.param(
            USERNAME,
            {"username": "ada lovelace"},
            "username must have letters, digits and ASCII punctuation only.",
            id="a-space",
        ),
        pytest.param(USERNAME, {"username": "\ud800"}, "username is not Unicode text.", id="half-a-letter"),
        pytest.param(
            PASSWORD, {"password": "p" * 257}, "password must have 1 to 256 characters.", id="long-password"
        ),
        pytest.param(
            PASSWORD,
            {"password": DIALYTIKA_TONOS * 129},
            "password must have 1 to 256 characters.",
            id="258-when-prepared",
        ),
        pytest.param(
            PASSWORD,
            {"password": "horse\t"},
            "password must have no control, joining or unassigned characters.",
            id="a-tab",
        ),
        pytest.param(
            NEW_PASSWORD,
            {"password": "seven77"},
            "password must have 8 to 256 characters.",
            id="short-new-password",
        ),
        pytest.param(
            NEW_PASSWORD,
            {"password": E_ACUTE * 7},
            "password must have 8 to 256 characters.",
            id="7-when-prepared",
        ),
    ],
)
def test_what_cannot_be_taken_is_described_and_not_repeated(
    read: Reader, members: dict[str, Any], described: str
) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        read(members)

    assert str(raised.value) == described


@pytest.mark.parametrize("weakness", list(Weakness))
def test_there_is_advice_for_every_weakness(weakness: Weakness) -> None:
    assert advice("new_password", weakness).startswith("new_password ")
    assert advice("new_password", weakness).endswith(".")
