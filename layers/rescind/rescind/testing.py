"""For tests of functions and services of your own: events that have a caller, tokens of a key made up here.

    event = rest_api_event(a_caller(scope="orders:write"), method="POST", body={"item": "tea"})

    tokens = LocalIssuer()
    token = tokens.access_token(a_caller())
    jwt.decode(token, tokens.public_key, algorithms=["ES256"], issuer=tokens.issuer, audience=tokens.audience)

Nothing that runs in Lambda imports this, and there it cannot be imported. Nothing that is deployed accepts a
token from here: its key is made up by each process, and kid and issuer say that they are for tests.
"""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric import ec

from rescind.rules.access_tokens import AccessTokenClaims, SigningKey, sign_access_token
from rescind.rules.jwks import jwk_set, key_id_of
from rescind.web.caller import Caller

if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    raise ImportError("rescind.testing makes callers up, and this is Lambda: import it in tests only")

_LIFETIME_SECONDS = 900
_IN_2033 = 2_000_000_000


def a_caller(
    *,
    user_id: str = "usr_testing00000000000000A",
    session_id: str = "ses_testing00000000000000A",
    token_id: str = "tok_testing00000000000000A",  # noqa: S107 - the name of a token, and no secret
    scope: str = "",
    expires_at: int = _IN_2033,
    claims: Mapping[str, Any] | None = None,
) -> Caller:
    """Somebody who is logged in: `scope` is space-delimited, `claims` is what you store with a user."""
    return Caller(user_id, session_id, token_id, scope, expires_at, claims or {})


def rest_api_event(
    who: Caller | None,
    *,
    method: str = "GET",
    path: str = "/",
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    path_parameters: Mapping[str, str] | None = None,
    body: Any = None,
) -> dict[str, Any]:
    """What a function behind a REST API gets when `who` calls; None where the route has no authorizer.

    `body` is sent as JSON, a `str` as it is. Each header and parameter comes once.
    """
    authorizer = {}
    if who is not None:  # As strings: a REST API makes strings of whatever the authorizer says.
        said = {name: str(value) for name, value in _context(who).items()}
        authorizer = {"principalId": who.user_id, "integrationLatency": 0, **said}
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": dict(headers or {}),
        "multiValueHeaders": _in_lists(headers),
        "queryStringParameters": dict(query) if query else None,
        "multiValueQueryStringParameters": _in_lists(query) or None,
        "pathParameters": dict(path_parameters) if path_parameters else None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": path,
            "httpMethod": method,
            "path": f"/testing{path}",
            "stage": "testing",
            "requestId": "testing",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "testing"},
            "authorizer": authorizer,
        },
        "body": _text(body),
        "isBase64Encoded": False,
    }


def http_api_event(
    who: Caller | None,
    *,
    method: str = "GET",
    path: str = "/",
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    path_parameters: Mapping[str, str] | None = None,
    body: Any = None,
) -> dict[str, Any]:
    """What a function behind an HTTP API gets (payload 2.0), said as in `rest_api_event`."""
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": urlencode(query or {}),
        "headers": {name.lower(): value for name, value in (headers or {}).items()},
        "requestContext": {
            "http": {"method": method, "path": path, "sourceIp": "192.0.2.1", "userAgent": "testing"},
            "routeKey": f"{method} {path}",
            "stage": "$default",
            "requestId": "testing",
        },
        "isBase64Encoded": False,
    }
    # An HTTP API leaves out what there is none of.
    if who is not None:
        event["requestContext"]["authorizer"] = {"lambda": _context(who)}
    if query:
        event["queryStringParameters"] = dict(query)
    if path_parameters:
        event["pathParameters"] = dict(path_parameters)
    if body is not None:
        event["body"] = _text(body)
    return event


@dataclass(frozen=True, slots=True)
class LocalIssuer:
    """Signs tokens as the stack does, with a key of its own; `jwks` is what its JWK set would be."""

    issuer: str = "urn:rescind:testing"
    audience: str = "testing"
    _key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1()), repr=False
    )

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._key.public_key()

    @property
    def kid(self) -> str:
        return f"testing-{key_id_of(self.public_key)}"

    @property
    def jwks(self) -> dict[str, Any]:
        """The JWK set (RFC 7517) with the one key."""
        return jwk_set({self.kid: self.public_key})

    def access_token(self, who: Caller, *, now: int | None = None) -> str:
        """A token of `who` that lives for 900 seconds from `now`; an earlier `now` makes an expired one.

        `who.claims` and `who.expires_at` are not in it: the former is told by the authorizer alone.
        """
        now = int(time.time()) if now is None else now
        claims = AccessTokenClaims(
            iss=self.issuer,
            aud=self.audience,
            sub=who.user_id,
            client_id="testing",
            iat=now,
            exp=now + _LIFETIME_SECONDS,
            jti=who.token_id,
            sid=who.session_id,
            ver=0,
            scope=who.scope,
            auth_time=now,
        )
        return sign_access_token(claims, key=SigningKey(self.kid, self._key))


def _context(who: Caller) -> dict[str, str | int]:
    """What the authorizer says of a caller, as `web/authorizer.py` spells it."""
    return {
        "sub": who.user_id,
        "sid": who.session_id,
        "jti": who.token_id,
        "scope": who.scope,
        "exp": who.expires_at,
        "claims": json.dumps(dict(who.claims), separators=(",", ":")),
    }


def _in_lists(values: Mapping[str, str] | None) -> dict[str, list[str]]:
    return {name: [value] for name, value in (values or {}).items()}


def _text(body: Any) -> str | None:
    return body if body is None or isinstance(body, str) else json.dumps(body)
