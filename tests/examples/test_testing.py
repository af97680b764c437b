"""`rescind.testing` makes up what the stack would have made, and can be taken for it by nobody."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from rescind.reasons import Reason
from rescind.rules.access_tokens import InvalidTokenError, verify_access_token
from rescind.rules.identifiers import is_session_id, is_token_id, is_user_id
from rescind.testing import LocalIssuer, a_caller, http_api_event, rest_api_event
from rescind.verdict import Allow
from rescind.web.authorizer import allowed
from rescind.web.caller import NoCallerError, caller
from rescind.web.requests import header_values, json_object
from tests.things import NOW, SETTINGS, a_user, some_claims

EVENTS = Path(__file__).parent.parent / "events"
MAKERS = pytest.mark.parametrize("event_of", [rest_api_event, http_api_event])
ADA = a_caller(scope="orders:read orders:write", claims={"plan": "gold"})


@MAKERS
def test_the_caller_of_an_event_is_the_one_that_it_was_made_for(event_of: Any) -> None:
    assert caller(event_of(ADA)) == ADA
    assert caller(event_of(a_caller())) == a_caller()


@MAKERS
def test_an_event_without_a_caller_is_that_of_a_route_without_an_authorizer(event_of: Any) -> None:
    with pytest.raises(NoCallerError):
        caller(event_of(None))


@MAKERS
def test_an_event_has_the_request_too(event_of: Any) -> None:
    event = event_of(
        ADA,
        method="POST",
        path="/orders",
        headers={"X-Request": "7"},
        query={"page": "2"},
        path_parameters={"id": "9"},
        body={"item": "tea"},
    )

    assert header_values(event, "x-request") == ["7"]
    assert json_object(event) == {"item": "tea"}
    assert (event["queryStringParameters"], event["pathParameters"]) == ({"page": "2"}, {"id": "9"})


def test_a_query_is_spelled_as_in_an_address() -> None:
    assert http_api_event(ADA, query={"name": "Ada & Co"})["rawQueryString"] == "name=Ada+%26+Co"


def test_what_an_event_says_of_its_caller_is_spelled_as_the_authorizer_spells_it() -> None:
    allow = Allow(claims=some_claims(), user=a_user(), scope="orders:read")
    asked = json.loads((EVENTS / "authorizer-http-api.json").read_text(encoding="utf-8"))
    who = a_caller(
        user_id=allow.claims.sub,
        session_id=allow.claims.sid,
        token_id=allow.claims.jti,
        scope="orders:read",
        expires_at=allow.claims.exp,
        claims={"plan": "gold"},
    )

    of_http_api = http_api_event(who)["requestContext"]["authorizer"]["lambda"]
    of_rest_api = rest_api_event(who)["requestContext"]["authorizer"]

    context = allowed(asked, allow)["context"]
    assert of_http_api == context
    recorded = json.loads((EVENTS / "me.json").read_text(encoding="utf-8"))["requestContext"]["authorizer"]
    assert of_rest_api.keys() == recorded.keys()
    assert {name: of_rest_api[name] for name in context} == {
        name: str(value) for name, value in context.items()
    }


def test_an_event_has_no_member_that_api_gateway_does_not_send() -> None:
    recorded = json.loads((EVENTS / "me.json").read_text(encoding="utf-8"))

    event = rest_api_event(ADA)

    assert event.keys() == recorded.keys()
    assert event["requestContext"].keys() <= recorded["requestContext"].keys()


def test_a_local_token_is_one_that_the_stack_would_have_signed() -> None:
    tokens = LocalIssuer(issuer="urn:rescind:ours", audience="ours")

    claims = verify_access_token(
        tokens.access_token(ADA, now=NOW),
        keys={tokens.kid: tokens.public_key},
        issuer="urn:rescind:ours",
        audience="ours",
        now=NOW,
    )

    assert (claims.sub, claims.sid, claims.jti) == (ADA.user_id, ADA.session_id, ADA.token_id)
    assert (claims.scope, claims.iat, claims.exp) == (ADA.scope, NOW, NOW + 900)
    assert is_user_id(claims.sub)
    assert is_session_id(claims.sid)
    assert is_token_id(claims.jti)


def test_a_local_token_is_verified_by_the_jwk_set_and_expires() -> None:
    tokens = LocalIssuer()
    [key] = jwt.PyJWKSet.from_dict(tokens.jwks).keys
    expected: dict[str, Any] = {
        "algorithms": ["ES256"],
        "issuer": tokens.issuer,
        "audience": tokens.audience,
    }

    assert jwt.decode(tokens.access_token(ADA), key, **expected)["sub"] == ADA.user_id
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(tokens.access_token(ADA, now=int(time.time()) - 901), key, **expected)


def test_a_local_token_is_nothing_to_a_stack_or_to_another_process() -> None:
    tokens, others = LocalIssuer(), LocalIssuer()

    assert tokens.issuer.endswith(":testing")
    assert tokens.kid.startswith("testing-")
    assert tokens.kid != others.kid
    with pytest.raises(InvalidTokenError) as refusal:
        verify_access_token(
            tokens.access_token(ADA, now=NOW),
            keys={others.kid: others.public_key},
            issuer=SETTINGS.issuer,
            audience=SETTINGS.audience,
            now=NOW,
        )
    assert refusal.value.reason == Reason.UNKNOWN_KEY


def test_it_shows_no_key() -> None:
    assert "PrivateKey" not in repr(LocalIssuer())


def test_it_cannot_be_imported_in_lambda() -> None:
    layer = Path(__file__).parents[2] / "layers" / "rescind"

    finished = subprocess.run(
        [sys.executable, "-c", "import rescind.testing"],
        env={"PYTHONPATH": str(layer), "AWS_LAMBDA_RUNTIME_API": "mine"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert finished.returncode == 1
    assert finished.stderr.strip().endswith("this is Lambda: import it in tests only")
