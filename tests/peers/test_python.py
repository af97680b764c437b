"""Clients of the standards in Python, as their own documents say to use them."""

from typing import Any

import httpx
import jwt
import pytest
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt as joserfc_jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from tests.peers.conftest import ISSUER, STACK, Service


def session(tokens: dict[str, Any], **options: Any) -> Any:
    """Authlib's client, as somebody who has logged in."""
    return OAuth2Session(client_id="first-party", token=tokens, **options)


# A public client sends its client_id. One that has a secret sends that too; it counts for nothing here.
CLIENTS = [
    pytest.param({"token_endpoint_auth_method": "none"}, id="public"),
    pytest.param({"client_secret": "a-secret"}, id="basic"),
    pytest.param(
        {"client_secret": "a-secret", "revocation_endpoint_auth_method": "client_secret_post"}, id="post"
    ),
]


@pytest.mark.parametrize("options", CLIENTS)
def test_authlib_ends_a_session_with_its_refresh_token(service: Service, options: dict[str, str]) -> None:
    tokens = service.log_in("demo")
    with session(tokens, **options) as client:
        answer = client.revoke_token(service.revocation_endpoint, token_type_hint="refresh_token")

    assert answer.status_code == 200
    assert not service.lets_in(tokens["access_token"])


def test_authlib_ends_an_access_token_alone(service: Service) -> None:
    tokens = service.log_in("demo")
    with session(tokens, token_endpoint_auth_method="none") as client:
        answer = client.revoke_token(
            service.revocation_endpoint, token=tokens["access_token"], token_type_hint="access_token"
        )

    assert answer.status_code == 200
    assert not service.lets_in(tokens["access_token"])
    refreshed = httpx.post(
        f"{service.base_url}/auth/refresh", json={"refresh_token": tokens["refresh_token"]}
    )
    assert service.lets_in(refreshed.json()["access_token"])


def test_authlib_learns_of_a_token_what_the_authorizer_says(service: Service) -> None:
    asking, asked = service.log_in("admin"), service.log_in("demo")
    with session(asking) as client:
        # How a service proves itself is its own access token (RFC 7662 section 2.1).
        ask = {"token": asked["access_token"], "auth": client.token_auth}
        active = client.introspect_token(service.introspection_endpoint, **ask).json()
        client.revoke_token(service.revocation_endpoint, token=asked["refresh_token"])
        inactive = client.introspect_token(service.introspection_endpoint, **ask).json()

    assert (active["active"], active["username"], active["iss"]) == (True, "demo", ISSUER)
    assert inactive == {"active": False}


def test_pyjwt_finds_the_key_of_a_login_and_verifies_its_token(service: Service) -> None:
    access_token = service.log_in("demo")["access_token"]

    key = jwt.PyJWKClient(service.jwks_uri).get_signing_key_from_jwt(access_token)
    verified = jwt.decode_complete(
        access_token,
        key,
        algorithms=["ES256"],
        issuer=ISSUER,
        audience=STACK,
        options={"require": ["iss", "aud", "sub", "exp", "iat", "jti", "client_id"]},
    )

    assert verified["header"]["typ"] == "at+jwt"
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(tampered(access_token), key, algorithms=["ES256"], audience=STACK)


def test_joserfc_reads_the_key_set_and_verifies_a_token(service: Service) -> None:
    keys = KeySet.import_key_set(httpx.get(service.jwks_uri).json())
    access_token = service.log_in("demo")["access_token"]

    token = joserfc_jwt.decode(access_token, keys, algorithms=["ES256"])
    claims = joserfc_jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": STACK},
        exp={"essential": True},
    )

    claims.validate(token.claims)
    assert token.header["typ"] == "at+jwt"
    with pytest.raises(BadSignatureError):
        joserfc_jwt.decode(tampered(access_token), keys, algorithms=["ES256"])


def tampered(access_token: str) -> str:
    """The same token with one bit of what it says changed."""
    header, payload, signature = access_token.split(".")
    other = "B" if payload[20] == "A" else "A"
    return f"{header}.{payload[:20]}{other}{payload[21:]}.{signature}"
