"""Listing all users and ending everyone, as an operator asks the admin function for it."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from rescind import wiring
from rescind.admin import everyone
from rescind.admin.operations import ROUTES
from rescind.store.user_rows import user_item
from tests.functions.conftest import Answer, Stack, recorded
from tests.things import USER_ID, a_credential, a_user

OPERATOR = "arn:aws:sts::123456789012:assumed-role/operators/grace"
UNREADABLE = "usr_" + "x" * 21 + "A"


def operate(stack: Stack, operation: str, **parameters: object) -> Answer:
    return stack.answer("admin", {"operation": operation, "operator": OPERATOR, "parameters": parameters})


def sign_up(stack: Stack, many: int) -> None:
    """More users, in the order of their ids and behind the one who is there, or moto would page wrongly."""
    for n in range(many):
        user = a_user(user_id=f"usr_v{n:020}A", username=f"user-{n}", logged_out_at=0)
        stack.stores.accounts.create(user, a_credential(user_id=user.user_id, username=user.username))


def put_unreadable(user_id: str = UNREADABLE) -> None:
    row = {**user_item(a_user(user_id=user_id)), "token_version": {"S": "7"}}
    wiring.dynamodb().put_item(TableName="Users", Item=row)


def refresh_status(stack: Stack, tokens: dict[str, Any]) -> int:
    event = recorded("refresh", body={"refresh_token": tokens["refresh_token"]})
    return stack.answer("refresh", event).status


def test_all_users_are_listed_page_by_page(stack: Stack) -> None:
    sign_up(stack, 4)

    first = operate(stack, "listUsers", limit=3).body
    second = operate(stack, "listUsers", limit=3, after=first["next"]).body

    assert second["next"] is None
    names = [user["username"] for page in (first, second) for user in page["users"]]
    assert sorted(names) == ["ada", "user-0", "user-1", "user-2", "user-3"]
    assert first["users"][0] == {
        "user_id": USER_ID,
        "username": "ada",
        "status": "active",
        "scope": "orders:read orders:write",
        "token_version": 7,
        "logged_out_at": 0,
    }


def test_a_page_has_a_hundred_users_where_nobody_says_how_many(stack: Stack) -> None:
    sign_up(stack, 100)

    page = operate(stack, "listUsers").body

    assert len(page["users"]) == 100
    assert page["next"]


def test_a_user_who_cannot_be_read_is_named_in_the_list(stack: Stack) -> None:
    put_unreadable()

    page = operate(stack, "listUsers").body

    assert [user["user_id"] for user in page["users"]] == [USER_ID]
    assert page["unreadable"] == [UNREADABLE]


def test_everyone_is_ended_page_by_page_and_can_log_in_again(stack: Stack) -> None:
    sign_up(stack, 60)
    tokens = stack.log_in()
    before = int(time.time())

    first = operate(stack, "revokeEveryone").body
    second = operate(stack, "revokeEveryone", since=first["since"], after=first["next"]).body

    assert before <= first["since"] == second["since"] <= time.time()
    assert (first["revoked"], second["revoked"], second["next"]) == (50, 11, None)
    assert before <= first["effective_by"] <= second["effective_by"] <= time.time() + 1
    assert refresh_status(stack, tokens) == 401
    again = stack.log_in()
    assert refresh_status(stack, again) == 200


def test_the_segments_together_have_everyone(stack: Stack) -> None:
    sign_up(stack, 9)

    pages = [operate(stack, "revokeEveryone", segment=segment, of=3).body for segment in range(3)]

    assert sum(page["revoked"] for page in pages) == 10


def test_who_has_been_ended_since_is_left_alone(stack: Stack) -> None:
    since = int(time.time()) - 10
    operate(stack, "revokeEveryone", since=since)
    tokens = stack.log_in()

    again = operate(stack, "revokeEveryone", since=since).body

    assert (again["revoked"], again["skipped"]) == (0, 1)
    assert refresh_status(stack, tokens) == 200


def test_a_user_who_cannot_be_read_gets_through_nowhere_and_keeps_nobody_in(stack: Stack) -> None:
    sign_up(stack, 1)
    tokens = stack.log_in()
    put_unreadable(USER_ID)

    page = operate(stack, "revokeEveryone").body

    assert (page["revoked"], page["unreadable"]) == (1, [USER_ID])
    assert refresh_status(stack, tokens) == 503


def test_each_user_is_in_the_log_with_who_did_it(stack: Stack, written: Callable[[], str]) -> None:
    sign_up(stack, 1)
    written()

    operate(stack, "revokeEveryone")

    lines = [json.loads(line) for line in written().splitlines() if '"actor"' in line]
    assert [line["message"] for line in lines] == ["UserRevoked"] * 2
    assert {line["actor"] for line in lines} == {OPERATOR}
    assert {line["user_id"] for line in lines} == {USER_ID, "usr_v" + "0" * 20 + "A"}


def test_a_page_stops_early_when_the_time_is_up(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_up(stack, 3)
    monkeypatch.setattr(everyone, "_LATE_AFTER_SECONDS", -1)

    page = operate(stack, "revokeEveryone").body
    pages = [page]
    while page["next"]:
        page = operate(stack, "revokeEveryone", after=page["next"]).body
        pages.append(page)

    assert [each["revoked"] for each in pages] == [1, 1, 1, 1]


@pytest.mark.parametrize("operation", ["listUsers", "revokeEveryone"])
def test_a_table_that_does_not_answer_is_503(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    monkeypatch.setenv("USERS_TABLE", "gone")
    stack.forget_wiring()

    assert operate(stack, operation).status == 503


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        pytest.param("listUsers", {"limit": 0}, id="no-users"),
        pytest.param("listUsers", {"limit": 1001}, id="too-many-users"),
        pytest.param("listUsers", {"limit": "9"}, id="limit-as-text"),
        pytest.param("listUsers", {"after": "usr_1"}, id="no-cursor"),
        pytest.param("listUsers", {"after": "0/2/usr_1"}, id="cursor-of-a-segment"),
        pytest.param("listUsers", {"after": "0/1/"}, id="cursor-of-nobody"),
        pytest.param("revokeEveryone", {"of": 0}, id="no-segments"),
        pytest.param("revokeEveryone", {"of": 1001}, id="too-many-segments"),
        pytest.param("revokeEveryone", {"segment": 1}, id="segment-that-is-not-there"),
        pytest.param("revokeEveryone", {"segment": -1, "of": 2}, id="negative-segment"),
        pytest.param("revokeEveryone", {"segment": True, "of": 2}, id="segment-as-flag"),
        pytest.param("revokeEveryone", {"segment": 1, "of": 2, "after": "0/2/usr_1"}, id="cursor-of-another"),
        pytest.param("revokeEveryone", {"since": 1.5}, id="since-with-a-fraction"),
        pytest.param("revokeEveryone", {"since": 9_999_999_999}, id="since-in-the-future"),
        pytest.param("revokeEveryone", {"since": -1}, id="since-before-time"),
    ],
)
def test_what_cannot_be_asked_is_400_and_ends_nobody(
    stack: Stack, operation: str, parameters: dict[str, object]
) -> None:
    answer = operate(stack, operation, **parameters)

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    user = stack.stores.users.read(USER_ID)
    assert user is not None
    assert user.token_version == 7


def test_neither_is_a_route() -> None:
    assert not {"listUsers", "revokeEveryone"} & set(ROUTES.values())
