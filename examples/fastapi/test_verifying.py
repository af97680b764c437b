"""What is made of a text by the public keys alone: 401 for all but a token of the stack, 503 without keys."""

import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from rescind_auth import Caller, CannotTellError, RefusedError, Rescind

ISSUER, AUDIENCE, KID = "urn:rescind:ours", "ours", "our-key"
KEY, ANOTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
JWK = {**ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": KID, "use": "sig", "alg": "ES256"}
CLAIMS: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "usr_a", "sid": "ses_a", "scope": "a"}


def token(
    *, key: Any = KEY, algorithm: str = "ES256", typ: str = "at+jwt", kid: str = KID, **claims: Any
) -> str:
    members = {**CLAIMS, "exp": int(time.time()) + 900, **claims}
    given = {name: value for name, value in members.items() if value is not None}
    return jwt.encode(given, key, algorithm=algorithm, headers={"typ": typ, "kid": kid})


@pytest.fixture
def rescind(monkeypatch: pytest.MonkeyPatch) -> Rescind:
    made = Rescind(
        api_url="http://rescind.example", issuer=ISSUER, audience=AUDIENCE, username="u", password="p"
    )
    monkeypatch.setattr(made.keys, "fetch_data", lambda: {"keys": [JWK]})
    return made


def test_a_token_of_the_stack_is_read(rescind: Rescind) -> None:
    assert rescind.verified(token()) == Caller("usr_a", "ses_a", "a")


WRONG = {
    "no token": "no.token",
    "another key's": token(key=ANOTHER),
    "an unknown kid": token(kid="theirs"),
    "a secret in place of a key": token(key="0" * 64, algorithm="HS256"),
    "another type": token(typ="JWT"),
    "another issuer": token(iss="urn:rescind:theirs"),
    "another audience": token(aud="theirs"),
    "expired": token(exp=int(time.time()) - 1),
    "without end": token(exp=None),
    "without a session": token(sid=None),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_anything_else_is_refused(rescind: Rescind, wrong: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        rescind.verified(wrong)

    assert refusal.value.status_code == 401


@pytest.mark.parametrize(
    "failure",
    [jwt.PyJWKClientConnectionError("no way there"), ValueError("no JSON"), jwt.PyJWKSetError("no keys")],
    ids=["unreachable", "garbled", "empty"],
)
def test_without_keys_nobody_is_let_in_and_nobody_is_called_a_forger(
    rescind: Rescind, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail() -> None:
        raise failure

    monkeypatch.setattr(rescind.keys, "fetch_data", fail)

    with pytest.raises(CannotTellError) as refusal:
        rescind.verified(token())

    assert refusal.value.status_code == 503
