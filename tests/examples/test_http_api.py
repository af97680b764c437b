"""The HTTP API of examples/http-api, which the emulator of AWS does not serve: what is declared and said.

Shown are the authorizer's settings, its own answer to a 2.0 event, and the example's function behind it.
What API Gateway does in between is not.
"""

from typing import Any

import pytest
from notes.app import handler

from rescind.testing import http_api_event
from rescind.web.caller import NoCallerError
from tests.examples.attached import AUTHORIZER_ARN, attached
from tests.functions.conftest import recorded
from tests.requests import Call, log_out_by_bearer
from tests.sandbox import Sandbox
from tests.service import hash_cheaply, log_in, service_on_fakes

pytestmark = pytest.mark.proof


def test_the_authorizer_is_asked_about_every_request_in_the_form_that_it_answers() -> None:
    http_api = attached("http-api")

    declared = http_api.authorizer
    assert declared["authorizerPayloadFormatVersion"] == "2.0"
    assert declared["enableSimpleResponses"] is True
    assert declared["identitySource"] == ["$request.header.Authorization"]
    assert declared["authorizerResultTtlInSeconds"] == 0
    assert AUTHORIZER_ARN in str(declared["authorizerUri"])
    assert http_api.open_routes == set()


def test_api_gateway_may_ask_it() -> None:
    [permission] = attached("http-api").may_be_invoked_by

    assert permission["FunctionName"] == {"Fn::Sub": AUTHORIZER_ARN}
    assert (permission["Principal"], permission["Action"]) == (
        "apigateway.amazonaws.com",
        "lambda:InvokeFunction",
    )


def test_a_token_is_let_in_until_it_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_cheaply(monkeypatch)
    service = service_on_fakes()
    sandbox, ada = service.sandbox(), service.new_person()
    tokens = log_in(sandbox, ada)

    let_in = said_of(sandbox, tokens.body["access_token"])
    assert let_in["isAuthorized"] is True
    event = http_api_event(None, path="/notes")
    event["requestContext"]["authorizer"] = {"lambda": let_in["context"]}
    assert handler(event, None) == {"user_id": ada.user_id, "notes": []}

    assert sandbox.ask(log_out_by_bearer(tokens)).status == 200

    assert said_of(sandbox, tokens.body["access_token"]) == {"isAuthorized": False}


def test_without_an_authorizer_in_front_of_it_the_function_has_no_caller() -> None:
    with pytest.raises(NoCallerError):
        handler(http_api_event(None), None)


def said_of(sandbox: Sandbox, access_token: str) -> dict[str, Any]:
    """The authorizer's answer, as an HTTP API gets it: a simple one, without a policy."""
    event = recorded("authorizer-http-api")
    event["headers"]["authorization"] = event["identitySource"][0] = f"Bearer {access_token}"
    answer: dict[str, Any] = sandbox.ask(Call("authorizer", event)).body
    return answer
