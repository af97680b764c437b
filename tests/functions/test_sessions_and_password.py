from collections.abc import Callable
from typing import Any

import pytest

from rescind import wiring
from rescind.model import Status
from rescind.web.authorizer import UnauthorizedError
from tests.functions.conftest import Answer, Stack, recorded, recorded_from
from tests.things import NOW, PASSWORD, SESSION_ID, USER_ID, a_credential, a_session, a_user

NEW_PASSWORD = "another-good-password"
ORIGIN = {"Origin": "https://app.example.com"}
STRANGER_ID = "usr_" + "w" * 21 + "A"

Tokens = dict[str, Any]


def list_sessions(stack: Stack, tokens: Tokens) -> list[dict[str, Any]]:
    answer = stack.answer("sessions", recorded_from(tokens, "sessions"))
    assert answer.status == 200
    sessions: list[dict[str, Any]] = answer.body["sessions"]
    return sessions


def end_session(stack: Stack, tokens: Tokens, session_id: str) -> Answer:
    event = recorded_from(tokens, "sessions")
    event |= {
        "httpMethod": "DELETE",
        "resource": "/auth/sessions/{session_id}",
        "path": f"/auth/sessions/{session_id}",
        "pathParameters": {"session_id": session_id},
    }
    return stack.answer("sessions", event)


def change_password(
    stack: Stack, tokens: Tokens, *, headers: dict[str, str] | None = None, **changes: object
) -> Answer:
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD, **changes}
    return stack.answer("password", recorded_from(tokens, "password", body=body, headers=headers))


def log_in_status(stack: Stack, password: str) -> int:
    return stack.answer("login", recorded("login", body={"username": "ada", "password": password})).status


def refresh_status(stack: Stack, tokens: Tokens) -> int:
    body = {"refresh_token": tokens["refresh_token"]}
    return stack.answer("refresh", recorded("refresh", body=body)).status


def is_accepted(stack: Stack, tokens: Tokens) -> bool:
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    try:
        stack.invoke("authorizer", recorded("authorizer-rest-request", headers=bearer))
    except UnauthorizedError:
        return False
    return True


def is_live(stack: Stack, tokens: Tokens) -> bool:
    """Whether both of its tokens are good, or neither."""
    accepted, status = is_accepted(stack, tokens), refresh_status(stack, tokens)
    assert (accepted, status) in {(True, 200), (False, 401)}
    return accepted


def allow_sessions(stack: Stack, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setenv("MAX_SESSIONS_PER_USER", str(limit))
    stack.forget_wiring()


def test_the_live_sessions_are_listed_the_newest_first(stack: Stack) -> None:
    oldest, ended, here = stack.log_in(), stack.log_in(), stack.log_in()
    stack.stores.sessions.end(USER_ID, ended["session_id"], now=1)
    stack.stores.sessions.put(a_session(session_id="ses_expired", idle_expires_at=1))
    stack.stores.sessions.put(a_session(session_id="ses_of_an_old_version", version=6))

    listed = list_sessions(stack, here)

    assert [each["session_id"] for each in listed] == [here["session_id"], oldest["session_id"]]
    assert [each["current"] for each in listed] == [True, False]


def test_a_session_is_shown_in_seconds_and_with_nothing_secret(stack: Stack) -> None:
    tokens = stack.log_in()

    [shown] = list_sessions(stack, tokens)

    row = stack.stores.sessions.read(USER_ID, tokens["session_id"])
    assert row is not None
    assert shown == {
        "session_id": tokens["session_id"],
        "created_at": row.created_at_ms // 1000,
        "last_used_at": row.last_used_at,
        "expires_at": min(row.idle_expires_at, row.absolute_expires_at),
        "current": True,
        "user_agent": "curl/8.5.0",
        "ip": "192.0.2.1",
    }
    assert 0 <= shown["last_used_at"] - shown["created_at"] <= 1


def test_a_list_is_of_the_callers_own_sessions(stack: Stack) -> None:
    stack.stores.sessions.put(a_session(user_id=STRANGER_ID))
    tokens = stack.log_in()

    assert [each["session_id"] for each in list_sessions(stack, tokens)] == [tokens["session_id"]]


def test_a_user_who_is_gone_has_no_sessions(stack: Stack) -> None:
    tokens = stack.log_in()
    stack.stores.users.delete(USER_ID, now=NOW)

    assert list_sessions(stack, tokens) == []


def test_a_session_is_ended_once_and_alone(stack: Stack) -> None:
    here, there = stack.log_in(), stack.log_in()

    ended = end_session(stack, here, there["session_id"])
    again = end_session(stack, here, there["session_id"])

    assert ended.status == 200
    assert ended.body == {"revoked": "session", "effective_by": ended.body["effective_by"]}
    assert isinstance(ended.body["effective_by"], int)
    assert (again.status, again.body["error"]) == (404, "not_found")
    assert not is_live(stack, there)
    assert is_live(stack, here)


def test_a_caller_may_end_the_session_that_asks(stack: Stack) -> None:
    tokens = stack.log_in()

    assert end_session(stack, tokens, tokens["session_id"]).status == 200

    assert not is_live(stack, tokens)


def test_another_users_session_is_not_there(stack: Stack) -> None:
    stack.stores.sessions.put(a_session(user_id=STRANGER_ID))

    answer = end_session(stack, stack.log_in(), SESSION_ID)

    assert (answer.status, answer.body["error"]) == (404, "not_found")
    row = stack.stores.sessions.read(STRANGER_ID, SESSION_ID)
    assert row is not None
    assert row.revoked_at is None


@pytest.mark.parametrize(
    "session_id",
    [
        pytest.param("ses_", id="short"),
        pytest.param("x" * 3000, id="three-thousand-letters"),
        pytest.param("ses_" + "s" * 3000, id="three-thousand-letters-of-ours"),
        pytest.param(USER_ID, id="of-a-user"),
        pytest.param("ses_" + "é" * 21 + "A", id="not-ascii"),
    ],
)
def test_what_is_no_session_id_is_not_there_and_not_looked_up(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, session_id: str
) -> None:
    tokens = stack.log_in()
    monkeypatch.setattr(wiring, "sessions", None)

    answer = end_session(stack, tokens, session_id)

    assert (answer.status, answer.body["error"]) == (404, "not_found")


@pytest.mark.parametrize("name", ["sessions", "password"])
def test_without_the_authorizer_nobody_is_the_caller(stack: Stack, name: str) -> None:
    event = recorded(name)
    del event["requestContext"]["authorizer"]

    answer = stack.answer(name, event)

    assert (answer.status, answer.body["error"]) == (401, "invalid_token")
    assert log_in_status(stack, PASSWORD) == 200


def test_a_new_password_opens_a_new_session_and_everything_else_is_dead(stack: Stack) -> None:
    here, there = stack.log_in(), stack.log_in()

    changed = change_password(stack, here)

    assert changed.status == 200
    assert changed.body.keys() == here.keys()
    assert changed.body["session_id"] not in {here["session_id"], there["session_id"]}
    assert is_live(stack, changed.body)
    assert not is_live(stack, here)
    assert not is_live(stack, there)
    assert log_in_status(stack, PASSWORD) == 401
    assert log_in_status(stack, NEW_PASSWORD) == 200


def test_a_password_can_be_changed_again_and_back(stack: Stack) -> None:
    first = change_password(stack, stack.log_in())

    second = change_password(stack, first.body, current_password=NEW_PASSWORD, new_password=PASSWORD)

    assert second.status == 200
    assert is_live(stack, second.body)
    assert not is_live(stack, first.body)
    assert log_in_status(stack, PASSWORD) == 200


def test_a_wrong_current_password_changes_nothing(stack: Stack) -> None:
    tokens = stack.log_in()

    answer = change_password(stack, tokens, current_password="guess")

    assert (answer.status, answer.body["error"]) == (400, "invalid_grant")
    assert "WWW-Authenticate" not in answer.headers
    assert is_live(stack, tokens)
    assert log_in_status(stack, PASSWORD) == 200
    assert log_in_status(stack, NEW_PASSWORD) == 401


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"new_password": "seven77"}, id="new-too-short"),
        pytest.param({"new_password": "x" * 257}, id="new-too-long"),
        pytest.param({"new_password": None}, id="new-missing"),
        pytest.param({"new_password": 12345678}, id="new-a-number"),
        pytest.param({"new_password": "\ud800" * 8}, id="new-not-unicode"),
        pytest.param({"current_password": ""}, id="current-empty"),
        pytest.param({"current_password": "x" * 257}, id="current-too-long"),
        pytest.param({"transport": "pigeon"}, id="unknown-transport"),
    ],
)
def test_a_change_that_cannot_be_changes_nothing(stack: Stack, changes: dict[str, Any]) -> None:
    tokens = stack.log_in()

    answer = change_password(stack, tokens, **changes)

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert is_live(stack, tokens)
    assert log_in_status(stack, PASSWORD) == 200


@pytest.mark.parametrize("length", [8, 256])
def test_the_shortest_and_the_longest_password_are_passwords(stack: Stack, length: int) -> None:
    assert change_password(stack, stack.log_in(), new_password="ü" * length).status == 200

    assert log_in_status(stack, "ü" * length) == 200


END: dict[str, Callable[[Stack, Tokens], object]] = {
    "its-session-ended": lambda stack, tokens: end_session(stack, tokens, tokens["session_id"]),
    "everything-ended": lambda stack, _: stack.stores.users.raise_version(USER_ID, version=7, now=1),
    "disabled": lambda stack, _: stack.stores.users.raise_version(
        USER_ID, version=7, now=1, status=Status.DISABLED
    ),
    "deleted": lambda stack, _: stack.stores.users.delete(USER_ID, now=NOW),
}


@pytest.mark.parametrize("end", END.values(), ids=END.keys())
def test_whose_session_has_ended_since_the_authorizer_looked_changes_no_password(
    stack: Stack, end: Callable[[Stack, Tokens], object]
) -> None:
    tokens = stack.log_in()
    end(stack, tokens)

    answer = change_password(stack, tokens)

    assert (answer.status, answer.body["error"]) == (401, "invalid_token")
    credential = stack.stores.credentials.read("ada")
    assert credential is not None
    assert credential.password_version == 3


def test_a_user_without_a_credential_has_no_right_password(stack: Stack) -> None:
    user = a_user(user_id=STRANGER_ID, username="grace", logged_out_at=0)
    stack.stores.accounts.create(user, a_credential(user_id=STRANGER_ID, username="grace"))
    wiring.dynamodb().delete_item(TableName="Credentials", Key={"username": {"S": "grace"}})
    stack.stores.sessions.put(a_session(user_id=STRANGER_ID, idle_expires_at=2_000_000_000))
    event = recorded_from({"session_id": SESSION_ID}, "password", user_id=STRANGER_ID)

    answer = stack.answer("password", event)

    assert (answer.status, answer.body["error"]) == (400, "invalid_grant")


def test_a_username_that_leads_to_another_user_changes_no_password(stack: Stack) -> None:
    user = a_user(user_id=STRANGER_ID, username="grace", logged_out_at=0)
    stack.stores.accounts.create(user, a_credential(user_id=STRANGER_ID, username="grace"))
    wiring.dynamodb().update_item(
        TableName="Users",
        Key={"user_id": {"S": STRANGER_ID}},
        UpdateExpression="SET username = :ada",
        ExpressionAttributeValues={":ada": {"S": "ada"}},
    )
    stack.stores.sessions.put(a_session(user_id=STRANGER_ID, idle_expires_at=2_000_000_000))
    event = recorded_from({"session_id": SESSION_ID}, "password", user_id=STRANGER_ID)

    answer = stack.answer("password", event)

    assert (answer.status, answer.body["error"]) == (503, "temporarily_unavailable")
    assert log_in_status(stack, PASSWORD) == 200


def test_by_cookie_the_new_refresh_token_is_only_in_the_cookie(stack: Stack) -> None:
    tokens = stack.log_in()

    answer = change_password(stack, tokens, transport="cookie", headers=ORIGIN)

    assert answer.status == 200
    assert "refresh_token" not in answer.body
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-refresh_token=r1.")
    assert cookie.endswith("; Max-Age=604800; Path=/; Secure; HttpOnly; SameSite=Strict")
    body = recorded("refresh", body={}, headers={"Cookie": cookie.partition(";")[0], **ORIGIN})
    assert stack.answer("refresh", body).status == 200


def test_a_foreign_page_changes_no_password_by_cookie(stack: Stack) -> None:
    tokens = stack.log_in()

    answer = change_password(stack, tokens, transport="cookie", headers={"Origin": "https://evil.example"})

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert "Set-Cookie" not in answer.headers
    assert is_live(stack, tokens)


def test_the_oldest_session_makes_room_for_a_new_one(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    allow_sessions(stack, monkeypatch, 2)
    oldest, older = stack.log_in(), stack.log_in()

    newest = stack.log_in()

    assert [each["session_id"] for each in list_sessions(stack, newest)] == [
        newest["session_id"],
        older["session_id"],
    ]
    assert not is_live(stack, oldest)
    assert is_live(stack, older)
    assert is_live(stack, newest)


def test_a_session_that_is_in_use_is_no_younger_for_it(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    allow_sessions(stack, monkeypatch, 2)
    oldest, older = stack.log_in(), stack.log_in()
    assert refresh_status(stack, oldest) == 200

    stack.log_in()

    assert not is_accepted(stack, oldest)
    assert is_accepted(stack, older)


def test_a_lowered_limit_holds_from_the_next_login(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    before = [stack.log_in() for _ in range(4)]
    allow_sessions(stack, monkeypatch, 1)

    newest = stack.log_in()

    assert [is_live(stack, each) for each in (*before, newest)] == [False, False, False, False, True]


def test_the_session_of_a_password_change_counts(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    allow_sessions(stack, monkeypatch, 1)
    changed = change_password(stack, stack.log_in()).body
    assert is_live(stack, changed)

    login = recorded("login", body={"username": "ada", "password": NEW_PASSWORD})
    newest = stack.answer("login", login).body

    assert not is_live(stack, changed)
    assert is_live(stack, newest)
