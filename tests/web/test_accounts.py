"""A user of another issuer, as an admin names one: by issuer and subject, and by nothing beside them."""

import pytest

from rescind.web.accounts import external_id_of, names_external
from rescind.web.requests import InvalidRequestError


def test_a_member_that_is_null_is_absent_here_as_everywhere() -> None:
    ours = {"username": "ada", "password": "a-password", "issuer": None, "subject": None}
    theirs = {"issuer": "https://id.example.com", "subject": "1", "username": None, "password": None}

    assert not names_external(ours)
    assert names_external(theirs)
    assert external_id_of(theirs) == ("https://id.example.com", "1")


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": None},
        {"issuer": None},
        {"issuer": "id.example.com"},
        {"issuer": "https://id.example.com?tenant=1"},
        {"subject": "\u00e9"},
        {"subject": "a\nb"},
        {"subject": "s" * 256},
        {"username": "ada"},
        {"password": "a-password"},
    ],
    ids=repr,
)
def test_what_names_no_user_of_an_issuer_is_told(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidRequestError):
        external_id_of({"issuer": "https://id.example.com", "subject": "1", **wrong})
