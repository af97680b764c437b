"""A user looks where they are logged in, ends a session, and changes their password, over HTTP."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.journeys.conftest import Client
from tests.journeys.gateways import MAX_SESSIONS, ORIGIN

PASSWORD = "a-password-of-theirs"
NEW_PASSWORD = "another-good-password"


@dataclass(frozen=True)
class Person:
    """A user of one test's own."""

    client: Client
    username: str

    def log_in(self, password: str = PASSWORD) -> dict[str, Any]:
        return self.client.log_in(self.username, password)


@pytest.fixture
def person(client: Client, admin: str) -> Iterator[Person]:
    body = {"username": f"person-{time.monotonic_ns()}", "password": PASSWORD}
    user_id = client.ask("POST", "/admin/users", bearer=admin, json=body).json()["user_id"]
    yield Person(client, body["username"])
    client.ask("DELETE", f"/admin/users/{user_id}", bearer=admin)


def test_a_user_sees_their_sessions_and_ends_one(client: Client, person: Person) -> None:
    first, second = person.log_in(), person.log_in()

    listed = client.ask("GET", "/auth/sessions", bearer=second["access_token"]).json()["sessions"]
    assert [each["session_id"] for each in listed] == [second["session_id"], first["session_id"]]
    assert [each["current"] for each in listed] == [True, False]

    path = f"/auth/sessions/{first['session_id']}"
    ended = client.ask("DELETE", path, bearer=second["access_token"])
    assert ended.json()["revoked"] == "session"

    assert client.me(first["access_token"]).status_code == 401
    assert client.me(second["access_token"]).status_code == 200
    assert client.ask("DELETE", path, bearer=second["access_token"]).status_code == 404
    [left] = client.ask("GET", "/auth/sessions", bearer=second["access_token"]).json()["sessions"]
    assert left["session_id"] == second["session_id"]


def test_nobody_ends_the_session_of_another(client: Client, person: Person) -> None:
    theirs = person.log_in()
    mine = client.log_in()["access_token"]

    answer = client.ask("DELETE", f"/auth/sessions/{theirs['session_id']}", bearer=mine)

    assert answer.status_code == 404
    assert client.me(theirs["access_token"]).status_code == 200


def test_a_changed_password_leaves_one_new_session_and_nothing_else(client: Client, person: Person) -> None:
    here, there = person.log_in(), person.log_in()
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}

    changed = client.ask("POST", "/auth/password", bearer=here["access_token"], json=body)

    assert changed.status_code == 200
    for tokens in (here, there):
        assert client.me(tokens["access_token"]).status_code == 401
        assert client.refresh(tokens["refresh_token"]).status_code == 401
    assert client.me(changed.json()["access_token"]).status_code == 200
    assert client.refresh(changed.json()["refresh_token"]).status_code == 200
    old = {"username": person.username, "password": PASSWORD}
    assert client.ask("POST", "/auth/login", json=old).status_code == 401
    assert person.log_in(NEW_PASSWORD)


def test_a_wrong_current_password_changes_nothing(client: Client, person: Person) -> None:
    tokens = person.log_in()
    body = {"current_password": "a-guess", "new_password": NEW_PASSWORD}

    answer = client.ask("POST", "/auth/password", bearer=tokens["access_token"], json=body)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert client.me(tokens["access_token"]).status_code == 200
    assert person.log_in()


def test_in_cookie_mode_the_new_refresh_token_is_in_the_cookie(client: Client, person: Person) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD, "transport": "cookie"}
    bearer = person.log_in()["access_token"]

    foreign = {"Origin": "https://evil.example"}
    refused = client.ask("POST", "/auth/password", bearer=bearer, json=body, headers=foreign)
    changed = client.ask("POST", "/auth/password", bearer=bearer, json=body, headers={"Origin": ORIGIN})

    assert refused.status_code == 400
    assert "refresh_token" not in changed.json()
    assert changed.headers["Set-Cookie"].startswith("__Host-refresh_token=r1.")


def test_one_login_too_many_ends_the_oldest_session(client: Client, person: Person) -> None:
    logins = [person.log_in() for _ in range(MAX_SESSIONS + 1)]

    assert client.me(logins[0]["access_token"]).status_code == 401
    assert client.me(logins[1]["access_token"]).status_code == 200
    newest = logins[-1]["access_token"]
    listed = client.ask("GET", "/auth/sessions", bearer=newest).json()["sessions"]
    assert [each["session_id"] for each in listed] == [each["session_id"] for each in reversed(logins[1:])]


def test_too_many_wrong_passwords_lock_the_door_and_not_the_house(client: Client, person: Person) -> None:
    tokens = person.log_in()
    guess = {"username": person.username, "password": "a-wrong-password"}

    statuses = [client.ask("POST", "/auth/login", json=guess).status_code for _ in range(11)]

    assert statuses == [401] * 10 + [429]
    right = client.ask("POST", "/auth/login", json={"username": person.username, "password": PASSWORD})
    assert right.status_code == 429
    assert 1 <= int(right.headers["Retry-After"]) <= 16 * 60
    assert client.me(tokens["access_token"]).status_code == 200
    assert client.refresh(tokens["refresh_token"]).status_code == 200
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    bearer = tokens["access_token"]
    assert client.ask("POST", "/auth/password", bearer=bearer, json=body).status_code == 429
