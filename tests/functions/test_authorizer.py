from collections.abc import Callable
from typing import Any

import pytest

from rescind import wiring
from rescind.model import BlockedToken
from rescind.unavailable import UnavailableError
from rescind.web.authorizer import UnauthorizedError
from tests.functions.conftest import Stack, recorded
from tests.things import USER_ID

FORMS = ["authorizer-rest-request", "authorizer-rest-token", "authorizer-http-api"]


def presenting(form: str, token: str) -> dict[str, Any]:
    """The recorded event of this form, with a token."""
    event = recorded(form)
    if "authorizationToken" in event:
        event["authorizationToken"] = f"Bearer {token}"
    elif "multiValueHeaders" in event:
        event["headers"]["Authorization"] = f"Bearer {token}"
        event["multiValueHeaders"]["Authorization"] = [f"Bearer {token}"]
    else:
        event["headers"]["authorization"] = f"Bearer {token}"
    return event


def is_allowed(stack: Stack, event: dict[str, Any]) -> bool:
    try:
        answer = stack.invoke("authorizer", event)
    except UnauthorizedError:
        return False
    return bool(answer.get("isAuthorized", "policyDocument" in answer))


@pytest.mark.parametrize("form", FORMS)
def test_a_live_token_is_let_through_in_every_form(stack: Stack, form: str) -> None:
    tokens = stack.log_in()

    answer = stack.invoke("authorizer", presenting(form, tokens["access_token"]))

    context = answer["context"]
    assert context.keys() == {"sub", "sid", "jti", "scope", "exp", "claims"}
    assert (context["sub"], context["sid"]) == (USER_ID, tokens["session_id"])
    assert context["claims"] == '{"plan":"gold"}'
    if form == "authorizer-http-api":
        assert answer["isAuthorized"] is True
    else:
        assert answer["principalId"] == USER_ID
        assert answer["policyDocument"]["Statement"] == [
            {
                "Action": "execute-api:Invoke",
                "Effect": "Allow",
                "Resource": "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/*",
            }
        ]


@pytest.mark.parametrize("form", FORMS)
def test_a_recorded_garbage_token_is_refused_in_every_form(stack: Stack, form: str) -> None:
    assert not is_allowed(stack, recorded(form))


END: dict[str, Callable[[Stack, dict[str, Any]], object]] = {
    "its-session-ended": lambda stack, tokens: stack.stores.sessions.end(
        USER_ID, tokens["session_id"], now=1
    ),
    "everything-of-the-user-ended": lambda stack, _: stack.stores.users.raise_version(
        USER_ID, version=7, now=1
    ),
    "the-user-was-deleted": lambda stack, _: stack.stores.accounts.delete(
        stack.stores.users.read(USER_ID)  # type: ignore[arg-type] # it is there
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("end", END.values(), ids=END.keys())
def test_a_token_is_refused_once_it_was_taken_back(
    stack: Stack, form: str, end: Callable[[Stack, dict[str, Any]], object]
) -> None:
    tokens = stack.log_in()
    event = presenting(form, tokens["access_token"])
    assert is_allowed(stack, event)

    end(stack, tokens)

    assert not is_allowed(stack, event)


def test_a_blocklisted_token_is_refused_and_its_session_lives(stack: Stack) -> None:
    tokens = stack.log_in()
    event = presenting("authorizer-rest-request", tokens["access_token"])
    jti = stack.invoke("authorizer", event)["context"]["jti"]

    stack.stores.blocklist.put(BlockedToken(jti, USER_ID, "stolen", 1, 2_000_000_000))

    assert not is_allowed(stack, event)
    refreshed = recorded("refresh", body={"refresh_token": tokens["refresh_token"]})
    assert stack.answer("refresh", refreshed).status == 200


def test_two_authorization_headers_are_refused(stack: Stack) -> None:
    event = presenting("authorizer-rest-request", stack.log_in()["access_token"])
    event["multiValueHeaders"]["Authorization"] *= 2

    assert not is_allowed(stack, event)


def unprocessed(**parameters: Any) -> dict[str, Any]:
    return {"Responses": {}, "UnprocessedKeys": parameters["RequestItems"]}


def a_table_short(**parameters: Any) -> dict[str, Any]:
    return {"Responses": {table: [] for table in list(parameters["RequestItems"])[1:]}}


def an_empty_answer(**_: Any) -> dict[str, Any]:
    return {}


def a_row_without_its_version(**parameters: Any) -> dict[str, Any]:
    rows: dict[str, list[Any]] = {table: [] for table in parameters["RequestItems"]}
    rows["Users"] = [{"user_id": {"S": USER_ID}, "status": {"S": "active"}}]
    return {"Responses": rows, "UnprocessedKeys": {}}


def another_row(**parameters: Any) -> dict[str, Any]:
    rows: dict[str, list[Any]] = {table: [] for table in parameters["RequestItems"]}
    rows["Blocklist"] = [{"jti": {"S": "another"}}]
    return {"Responses": rows, "UnprocessedKeys": {}}


@pytest.mark.parametrize(
    "answer", [unprocessed, a_table_short, an_empty_answer, a_row_without_its_version, another_row]
)
def test_what_cannot_be_read_is_a_failure_and_no_verdict(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, answer: Callable[..., dict[str, Any]]
) -> None:
    event = presenting("authorizer-rest-request", stack.log_in()["access_token"])
    states = wiring.states()

    monkeypatch.setattr(states._client, "batch_get_item", answer)  # noqa: SLF001 - the store's own edge

    with pytest.raises(UnavailableError):
        stack.invoke("authorizer", event)


def test_the_state_is_read_once_and_strongly(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    event = presenting("authorizer-rest-request", stack.log_in()["access_token"])
    client = wiring.states()._client  # noqa: SLF001 - as above
    read, calls = client.batch_get_item, []

    def recorded_read(**parameters: Any) -> Any:
        calls.append(parameters)
        return read(**parameters)

    monkeypatch.setattr(client, "batch_get_item", recorded_read)
    assert is_allowed(stack, event)

    [call] = calls
    assert call["RequestItems"].keys() == {"Blocklist", "Users", "Sessions"}
    assert all(asked["ConsistentRead"] for asked in call["RequestItems"].values())


def test_a_store_that_is_gone_is_logged_once_and_is_a_failure(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, written: Callable[[], str]
) -> None:
    event = presenting("authorizer-rest-request", stack.log_in()["access_token"])
    monkeypatch.setenv("SESSIONS_TABLE", "gone")
    stack.forget_wiring()

    with pytest.raises(UnavailableError):
        stack.invoke("authorizer", event)

    log = written()
    assert log.count('"message":"Unavailable"') == 1
    assert log.count('"Name":"Unavailable"') == 1
    assert "AccessDenied" not in log


def test_an_event_is_not_logged_even_where_that_is_switched_on(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, written: Callable[[], str]
) -> None:
    token = stack.log_in()["access_token"]
    monkeypatch.setenv("POWERTOOLS_LOGGER_LOG_EVENT", "true")
    stack.import_anew("authorizer")

    assert is_allowed(stack, presenting("authorizer-rest-request", token))
    assert not is_allowed(stack, recorded("authorizer-rest-token"))

    log = written()
    assert '"message":"AccessDenied"' in log
    assert token not in log
    assert "not.a.token" not in log
    assert "methodArn" not in log
