"""What is shown of a text that may be no token of ours: what is harmless, and nothing that is a proof."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.rules.access_tokens import sign_access_token
from rescind.rules.refresh_tokens import sign_refresh_token
from rescind.rules.unverified import UnverifiedToken, unverified_access_token
from tests.fuzz.mutations import mutated_access_token
from tests.things import MAC_KEY, NOW, SESSION_ID, SIGNING_KEY, USER_ID, some_claims

ACCESS_TOKEN = sign_access_token(some_claims(), key=SIGNING_KEY)
REFRESH_TOKEN = sign_refresh_token(USER_ID, SESSION_ID, 4, key=MAC_KEY)


def part(members: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")


def jwt(header: object, claims: object) -> str:
    return f"{part(header)}.{part(claims)}.c2lnbmF0dXJl"


def shown(**claims: Any) -> dict[str, Any]:
    found = unverified_access_token(jwt({}, claims))
    assert found is not None
    return dict(found.claims)


def test_a_token_of_ours_is_read() -> None:
    found = unverified_access_token(ACCESS_TOKEN)

    assert found is not None
    assert found.header == {"alg": "ES256", "typ": "at+jwt", "kid": SIGNING_KEY.kid}
    assert found.claims["exp"] == NOW + 800
    assert len(found.claims) == 11


def test_a_token_of_another_issuer_shows_whose_it_is_and_no_claim_that_is_none_of_ours() -> None:
    token = jwt(
        {"alg": "RS256", "kid": "abc123=", "x5u": "https://evil.example"},
        {"iss": "https://idp.example/", "exp": NOW, "email": "ada@example.com", "aud": ["one", "two"]},
    )

    assert unverified_access_token(token) == UnverifiedToken(
        {"alg": "RS256", "kid": "abc123="}, {"iss": "https://idp.example/", "exp": NOW}
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("..", id="only dots"),
        pytest.param(REFRESH_TOKEN, id="a refresh token"),
        pytest.param(ACCESS_TOKEN.rpartition(".")[0], id="without a signature"),
        pytest.param(f"{ACCESS_TOKEN}.x", id="a part more"),
        pytest.param(f"Bearer {ACCESS_TOKEN}", id="a whole header"),
        pytest.param(json.dumps({"access_token": ACCESS_TOKEN}), id="a whole answer"),
        pytest.param(jwt([], {}), id="a header that is a list"),
        pytest.param("é.é.é", id="no ASCII"),
        pytest.param("\ud800.a.b", id="half a character"),
    ],
)
def test_what_is_no_jwt_says_nothing(text: str) -> None:
    assert unverified_access_token(text) is None


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(part("claims"), id="a text"),
        pytest.param("W" * 4000, id="no JSON"),
        pytest.param(base64.b64encode(b"[" * 5000).decode(), id="nested"),
        pytest.param(base64.b64encode(b"9" * 5000).decode(), id="a huge number"),
        pytest.param("", id="nothing"),
        pytest.param("\u00e9", id="no ASCII"),
    ],
)
def test_of_claims_that_are_none_the_header_is_left(payload: str) -> None:
    found = unverified_access_token(f"{part({'kid': 'a'})}.{payload}.x")

    assert found == UnverifiedToken({"kid": "a"}, {})


@pytest.mark.parametrize(
    "value", [True, None, 1.5, -1, 10**12, [], {}, ["a"], "a\nb", "\x1b[2K", "é", "x" * 201]
)
def test_a_value_that_could_harm_who_looks_is_left_out(value: object) -> None:
    assert shown(iss=value, exp=value, sub="usr_1") == {"sub": "usr_1"}


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(ACCESS_TOKEN, id="an access token"),
        pytest.param(REFRESH_TOKEN, id="a refresh token"),
        pytest.param(f"it is {REFRESH_TOKEN}, he said", id="within a sentence"),
        pytest.param(ACCESS_TOKEN.rpartition(".")[2], id="a signature"),
        pytest.param(REFRESH_TOKEN.rpartition(".")[2], id="a mac"),
    ],
)
@pytest.mark.parametrize("name", ["iss", "aud", "sub", "client_id", "jti", "sid", "scope"])
def test_a_token_within_a_token_is_left_out(name: str, secret: str) -> None:
    assert shown(**{name: secret}) == {}


@pytest.mark.parametrize("kid", [REFRESH_TOKEN, ACCESS_TOKEN, "k" * 65, "a b", ""])
def test_a_key_id_that_is_none_is_left_out(kid: str) -> None:
    assert unverified_access_token(jwt({"kid": kid}, {})) == UnverifiedToken({}, {})


@settings(deadline=None, max_examples=300)
@given(st.randoms(use_true_random=False))
def test_nothing_that_is_nearly_a_token_raises_or_shows_its_signature(random: Any) -> None:
    text = mutated_access_token(ACCESS_TOKEN, random)

    found = unverified_access_token(text)

    assert ACCESS_TOKEN.rpartition(".")[2][:43] not in str(found)
