"""`sam local invoke` of every function with every recorded event; the store has Ada, of whom they speak."""

import json
import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest

from tests.functions.conftest import EVENTS, recorded
from tests.requests import OPERATOR, operate
from tests.sam_local.running import SamLocal
from tests.sam_local.sam import Invocation
from tests.template import FUNCTIONS, NAMES
from tests.things import SESSION_ID, TOKEN_ID, USER_ID

pytestmark = pytest.mark.docker

_TOGETHER = 2
"""SAM takes one of a small machine's processors for each."""
# The first makes the keys, before all else; the last ends every token of Ada. What is between is in no order.
_FIRST, _LAST = "keys", "password"


@pytest.fixture(scope="module")
def invoked(sam_local: SamLocal) -> Mapping[str, Invocation]:
    """By the event's name."""
    between = sorted({path.stem for path in EVENTS.glob("*.json")} - {_FIRST, _LAST})

    def invoke(name: str) -> Invocation:
        return sam_local.sam.invoke(function_of(name), recorded(name))

    began = time.monotonic()
    with ThreadPoolExecutor(_TOGETHER) as together:
        answers = dict(zip(between, together.map(invoke, between), strict=True))
    answers |= {_FIRST: sam_local.keys, _LAST: invoke(_LAST)}
    sam_local.say(f"`sam local invoke` of {len(answers)} events, in {time.monotonic() - began:.0f} s")
    return answers


def function_of(event: str) -> str:
    """Its name in the template: `keys-revoke` is an event of `keys`."""
    return NAMES[event.partition("-")[0]]


def test_every_function_is_invoked_and_none_times_out_or_ends_its_process(
    invoked: Mapping[str, Invocation],
) -> None:
    assert {function_of(name) for name in invoked} == FUNCTIONS.keys()
    for name, invocation in invoked.items():
        assert invocation.answer is not None, name
        assert not re.search(r"timed out|Sandbox\.|Runtime\.", invocation.log), f"{name}: {invocation.log}"


def test_the_first_keys_are_made_two_of_each_purpose(invoked: Mapping[str, Invocation]) -> None:
    assert invoked["keys"].answer == {"access-token": 2, "refresh-token": 2}


def test_a_key_that_is_not_there_is_not_revoked(invoked: Mapping[str, Invocation]) -> None:
    assert invoked["keys-revoke"].answer["errorType"] == "InvalidRequestError"
    assert "nothing was revoked" in invoked["keys-revoke"].answer["errorMessage"]


def test_ada_logs_in_and_the_published_keys_verify_her_token(invoked: Mapping[str, Invocation]) -> None:
    assert (invoked["login"].status, invoked["jwks"].status) == (200, 200)

    token = invoked["login"].body["access_token"]
    key = jwt.PyJWKSet.from_dict(invoked["jwks"].body)[jwt.get_unverified_header(token)["kid"]]
    assert jwt.decode(token, key, algorithms=["ES256"], audience="local")["sub"] == USER_ID


def test_what_is_no_token_is_refused_in_every_form_of_an_authorizers_event(
    invoked: Mapping[str, Invocation],
) -> None:
    for form in ("authorizer-rest-request", "authorizer-rest-token"):
        assert invoked[form].answer["errorMessage"] == "Unauthorized"
        assert '"reason":"malformed"' in invoked[form].log
    assert invoked["authorizer-http-api"].answer["isAuthorized"] is False


def test_the_functions_behind_the_authorizer_know_their_caller(invoked: Mapping[str, Invocation]) -> None:
    me, sessions = invoked["me"], invoked["sessions"]

    assert (me.status, me.body["user_id"], me.body["session_id"]) == (200, USER_ID, SESSION_ID)
    assert me.body["token_id"] == TOKEN_ID
    assert sessions.status == 200
    [current] = [each for each in sessions.body["sessions"] if each["current"]]
    assert current["session_id"] == SESSION_ID


def test_ada_changes_her_password_and_has_one_session(invoked: Mapping[str, Invocation]) -> None:
    changed = invoked["password"]

    assert changed.status == 200
    assert changed.body["session_id"] not in {SESSION_ID, invoked["login"].body["session_id"]}
    assert '"message":"PasswordChanged"' in changed.log


def test_an_admin_makes_a_user_and_an_operator_deletes_them(
    sam_local: SamLocal, invoked: Mapping[str, Invocation]
) -> None:
    made = invoked["admin"]
    assert (made.status, made.body["username"]) == (201, "grace")

    deleted = sam_local.sam.invoke("AdminFunction", operate("deleteUser", user_id=made.body["user_id"]).event)

    assert deleted.status == 200
    assert f'"actor":"{OPERATOR}"' in deleted.log


def test_what_is_no_refresh_token_is_worth_nothing(invoked: Mapping[str, Invocation]) -> None:
    assert (invoked["refresh"].status, invoked["refresh"].body["error"]) == (401, "invalid_grant")
    assert (invoked["logout"].status, invoked["logout"].body["revoked"]) == (200, "nothing")
    assert invoked["oauth"].status == 200
    assert invoked["oauth-introspect"].body == {"active": False}


def test_nobodys_token_is_exchanged_and_nobodys_message_is_heard(invoked: Mapping[str, Invocation]) -> None:
    """No issuer is trusted, so none is asked for its keys."""
    exchange, logout, event = (
        invoked[name] for name in ("exchange", "backchannel", "backchannel-security-event")
    )

    assert (exchange.status, exchange.body["error"]) == (401, "invalid_grant")
    assert (logout.status, logout.body["error"]) == (400, "invalid_request")
    assert (event.status, event.body["err"]) == (400, "invalid_request")
    for each in (exchange, logout, event):
        assert '"reason":"unknown_issuer"' in each.log


def test_a_preflight_of_an_allowed_origin_is_answered(invoked: Mapping[str, Invocation]) -> None:
    assert invoked["preflight"].status == 204
    assert invoked["preflight"].answer["headers"]["Access-Control-Allow-Origin"] == "https://app.example.com"


def test_the_canary_that_finds_no_api_says_so_and_leaves_no_user(invoked: Mapping[str, Invocation]) -> None:
    """It asks https, or its own machine; and in its container there is no API."""
    assert invoked["canary"].answer["errorType"] == "UnavailableError"
    assert invoked["canary"].answer["errorMessage"].startswith("no answer")
    for event in ("UserCreated", "UserDeleted"):
        assert f'"message":"{event}"' in invoked["canary"].log


def test_no_log_holds_a_token_or_a_password(invoked: Mapping[str, Invocation]) -> None:
    login = invoked["login"].body
    secrets = [
        login["access_token"],
        login["refresh_token"],
        json.loads(recorded("login")["body"])["password"],
    ]

    for name, invocation in invoked.items():
        assert not [each for each in secrets if each in invocation.log], name
