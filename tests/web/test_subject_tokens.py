"""What a token exchange asks for: a token, and perhaps what it is said to be."""

from typing import Any

import pytest

from rescind.rules.subject_tokens import SubjectTokenType
from rescind.web.requests import InvalidRequestError
from rescind.web.subject_tokens import subject_token_of, subject_token_type_of

TYPE = "urn:ietf:params:oauth:token-type:"


@pytest.mark.parametrize("token", ["x", "x" * 8192, "\u00e9"], ids=len)
def test_a_subject_token_is_text(token: str) -> None:
    assert subject_token_of({"subject_token": token}) == token


@pytest.mark.parametrize(
    ("members", "said"),
    [
        pytest.param({}, "subject_token is missing.", id="none"),
        pytest.param({"subject_token": None}, "subject_token is missing.", id="null"),
        pytest.param({"token": "x"}, "subject_token is missing.", id="another name"),
        pytest.param({"subject_token": 1}, "subject_token is not a string.", id="a number"),
        pytest.param({"subject_token": ["x"]}, "subject_token is not a string.", id="a list"),
        pytest.param({"subject_token": ""}, "subject_token must have 1 to 8192 characters.", id="empty"),
        pytest.param(
            {"subject_token": "x" * 8193}, "subject_token must have 1 to 8192 characters.", id="too long"
        ),
        pytest.param(
            {"subject_token": "\ud800"}, "subject_token is not Unicode text.", id="a lone surrogate"
        ),
    ],
)
def test_anything_else_is_none_and_the_client_learns_why(members: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequestError) as error:
        subject_token_of(members)

    assert str(error.value) == said


@pytest.mark.parametrize(
    ("members", "token_type"),
    [
        pytest.param({}, SubjectTokenType.JWT, id="not said"),
        pytest.param({"subject_token_type": None}, SubjectTokenType.JWT, id="null"),
        *(
            pytest.param({"subject_token_type": f"{TYPE}{each}"}, SubjectTokenType(f"{TYPE}{each}"), id=each)
            for each in ("id_token", "access_token", "jwt")
        ),
    ],
)
def test_a_client_may_say_what_its_token_is(members: dict[str, Any], token_type: SubjectTokenType) -> None:
    assert subject_token_type_of(members) is token_type


@pytest.mark.parametrize(
    "said",
    [
        "id_token",
        f"{TYPE}refresh_token",
        f"{TYPE}saml2",
        f"{TYPE}JWT",
        f"{TYPE}jwt ",
        "",
        "x" * 129,
        1,
        ["jwt"],
        {},
    ],
    ids=repr,
)
def test_what_we_do_not_exchange_is_refused(said: object) -> None:
    with pytest.raises(InvalidRequestError, match=r"^subject_token_type "):
        subject_token_type_of({"subject_token_type": said})


def test_the_client_learns_what_there_is() -> None:
    with pytest.raises(InvalidRequestError) as error:
        subject_token_type_of({"subject_token_type": f"{TYPE}saml2"})

    every = f"{TYPE}id_token, {TYPE}access_token, {TYPE}jwt"
    assert str(error.value) == f"subject_token_type must be one of {every}."
