"""Usernames and passwords where functions take them: prepared, bounded, and none that is tried first."""

import importlib
import json
import time
import tracemalloc
from typing import Any

import pytest
from argon2 import PasswordHasher

from rescind import wiring
from rescind.model import Status
from tests.functions.conftest import REAL, Answer, Context, Stack, recorded, recorded_from
from tests.things import PASSWORD, USER_ID, a_credential, a_user

NEW_PASSWORD = "another-good-password"


@pytest.fixture
def hasher() -> PasswordHasher:
    return REAL


def log_in(stack: Stack, username: str, password: str) -> Answer:
    return stack.answer("login", recorded("login", body={"username": username, "password": password}))


def make_user(stack: Stack, username: str, password: str) -> Answer:
    return stack.answer("admin", recorded("admin", body={"username": username, "password": password}))


def change_password(stack: Stack, tokens: dict[str, Any], current: str, new: str) -> Answer:
    body = {"current_password": current, "new_password": new}
    return stack.answer("password", recorded_from(tokens, "password", body=body))


# The form (RFC 8265)


@pytest.mark.parametrize("username", ["ada", "Ada", "ADA", "\uff21da"])
def test_one_account_is_found_however_its_name_is_typed(stack: Stack, username: str) -> None:
    assert log_in(stack, username, PASSWORD).status == 200


def test_the_name_of_an_account_is_kept_and_answered_as_it_was_prepared(stack: Stack) -> None:
    made = make_user(stack, "Rene\u0301.Descartes@Example.org", NEW_PASSWORD)

    assert (made.status, made.body["username"]) == (201, "ren\u00e9.descartes@example.org")
    user = stack.stores.users.read(made.body["user_id"])
    assert user is not None
    assert user.username == "ren\u00e9.descartes@example.org"
    assert log_in(stack, "REN\u00c9.Descartes@example.org", NEW_PASSWORD).status == 200


def test_a_name_is_taken_in_whatever_case(stack: Stack) -> None:
    assert make_user(stack, "Ada", NEW_PASSWORD).status == 409


SPELLED = ["Ren\u00e9 und ich", "Rene\u0301\u2003und\u00a0ich"]


@pytest.mark.parametrize("typed", SPELLED, ids=["typed-so", "typed-otherwise"])
@pytest.mark.parametrize("first", SPELLED, ids=["made-so", "made-otherwise"])
def test_one_password_opens_however_it_is_composed(stack: Stack, first: str, typed: str) -> None:
    make_user(stack, "grace", first)
    assert log_in(stack, "grace", typed).status == 200

    tokens = stack.log_in()
    assert change_password(stack, tokens, PASSWORD, first).status == 200
    changed = log_in(stack, "ada", typed)
    assert changed.status == 200
    assert change_password(stack, changed.body, typed, PASSWORD).status == 200


def test_a_password_keeps_its_case_and_its_spaces(stack: Stack) -> None:
    make_user(stack, "grace", " Open Sesame ")

    assert log_in(stack, "grace", "Open Sesame").status == 401
    assert log_in(stack, "grace", " open sesame ").status == 401
    assert log_in(stack, "grace", " Open Sesame ").status == 200


@pytest.mark.parametrize(
    ("username", "password"),
    [
        pytest.param("ada lovelace", PASSWORD, id="username-with-a-space"),
        pytest.param("ada\0", PASSWORD, id="username-with-a-NUL"),
        pytest.param("\ud800", PASSWORD, id="username-that-is-no-text"),
        pytest.param("ada", "horse\tbattery", id="password-with-a-tab"),
        pytest.param("eve", "horse\tbattery", id="unknown-user-password-with-a-tab"),
        pytest.param("ada", "\udfff" * 8, id="password-that-is-no-text"),
    ],
)
def test_what_cannot_be_prepared_is_said_so_before_anything_is_looked_up(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, username: str, password: str
) -> None:
    # Nothing that could tell of accounts is asked.
    monkeypatch.setattr(wiring, "credentials", None)
    monkeypatch.setattr(wiring, "accounts", None)

    for answer in (log_in(stack, username, password), make_user(stack, username, password)):
        assert (answer.status, answer.body["error"]) == (400, "invalid_request")
        assert answer.body["error_description"].startswith(("username ", "password "))


def test_a_password_that_cannot_be_prepared_changes_nothing(stack: Stack) -> None:
    tokens = stack.log_in()

    current = change_password(stack, tokens, "horse\tbattery", NEW_PASSWORD)
    new = change_password(stack, tokens, PASSWORD, "horse\tbattery")

    assert (current.status, current.body["error"]) == (400, "invalid_request")
    assert current.body["error_description"].startswith("current_password ")
    assert (new.status, new.body["error"]) == (400, "invalid_request")
    assert new.body["error_description"].startswith("new_password ")
    assert log_in(stack, "ada", PASSWORD).status == 200


# The passwords that are tried first


@pytest.mark.parametrize("password", ["iloveyou1", "Password1", "QWERTYUIOP", "#1stunna"])
def test_a_common_password_makes_no_user(stack: Stack, password: str) -> None:
    answer = make_user(stack, "grace", password)

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert password.lower() not in answer.body["error_description"].lower()
    assert stack.stores.credentials.read("grace") is None


def test_the_username_makes_no_password(stack: Stack) -> None:
    answer = make_user(stack, "grace.hopper", "Grace.Hopper")

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert stack.stores.credentials.read("grace.hopper") is None


@pytest.mark.parametrize("current", [PASSWORD, "guess"], ids=["right-current", "wrong-current"])
@pytest.mark.parametrize("weak", ["iloveyou1", "Password1", "lovelace"])
def test_a_weak_password_is_not_changed_to_whatever_the_current_one(
    stack: Stack, current: str, weak: str
) -> None:
    user = a_user(user_id="usr_" + "l" * 21 + "A", username="lovelace", logged_out_at=0)
    credential = stack.stores.credentials.read("ada")
    assert credential is not None
    stack.stores.accounts.create(
        user,
        a_credential(username="lovelace", user_id=user.user_id, password_hash=credential.password_hash),
    )
    tokens = log_in(stack, "lovelace", PASSWORD).body
    body = {"current_password": current, "new_password": weak}

    answer = stack.answer("password", recorded_from(tokens, "password", user_id=user.user_id, body=body))

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert weak.lower() not in answer.body["error_description"].lower()
    assert log_in(stack, "lovelace", PASSWORD).status == 200


def test_whose_session_has_ended_is_told_that_first(stack: Stack) -> None:
    tokens = stack.log_in()
    stack.stores.sessions.end(USER_ID, tokens["session_id"], now=1)

    assert change_password(stack, tokens, PASSWORD, "iloveyou1").status == 401


def test_the_same_password_again_is_a_change(stack: Stack) -> None:
    tokens = stack.log_in()

    assert change_password(stack, tokens, PASSWORD, PASSWORD).status == 200


def test_login_does_not_load_the_list_of_common_passwords(stack: Stack) -> None:
    assert log_in(stack, "ada", PASSWORD).status == 200
    assert wiring.common_passwords.cache_info().currsize == 0

    make_user(stack, "grace", NEW_PASSWORD)
    assert wiring.common_passwords.cache_info().currsize == 1


# What a hash costs


def test_new_hashes_have_the_parameters_of_the_deployment_and_old_ones_get_them_at_login(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stack.stores.credentials.read("ada")
    assert before is not None
    monkeypatch.setenv("PASSWORD_HASH_ITERATIONS", "3")
    monkeypatch.setenv("PASSWORD_HASH_PARALLELISM", "2")
    stack.forget_wiring()

    make_user(stack, "grace", NEW_PASSWORD)
    tokens = log_in(stack, "ada", PASSWORD)

    assert tokens.status == 200
    for username in ("grace", "ada"):
        credential = stack.stores.credentials.read(username)
        assert credential is not None
        assert credential.password_hash.startswith("$argon2id$v=19$m=19456,t=3,p=2$")
    assert log_in(stack, "ada", PASSWORD).status == 200
    refresh = recorded("refresh", body={"refresh_token": tokens.body["refresh_token"]})
    assert stack.answer("refresh", refresh).status == 200
    assert change_password(stack, tokens.body, PASSWORD, NEW_PASSWORD).status == 200


def test_a_user_without_a_password_is_refused_like_any_other(stack: Stack) -> None:
    for name, stored in (("hopper", ""), ("turing", "$2b$12$" + "a" * 53)):
        user = a_user(user_id=f"usr_{name:A<22}", username=name, status=Status.ACTIVE)
        stack.stores.accounts.create(
            user, a_credential(username=name, user_id=user.user_id, password_hash=stored)
        )

    wrong = log_in(stack, "ada", "guess")

    assert wrong.status == 401
    assert log_in(stack, "hopper", "guess") == log_in(stack, "turing", "guess") == wrong


# What a long one costs


def calls(name: str, password: str) -> tuple[str, dict[str, Any]]:
    """The function and the event of a request with this password."""
    if name == "login":
        return "login", recorded("login", body={"username": "ada", "password": password})
    if name == "admin":
        return "admin", recorded("admin", body={"username": "grace", "password": password})
    body = {"current_password": PASSWORD, "new_password": PASSWORD, name: password}
    return "password", recorded_from({"session_id": "ses_" + "s" * 21 + "A"}, "password", body=body)


@pytest.mark.parametrize("name", ["login", "admin", "current_password", "new_password"])
@pytest.mark.parametrize(
    ("length", "status", "most_kib"),
    [pytest.param(1_000_000, 413, 64, id="1-MB"), pytest.param(8_000, 400, 128, id="what-8-KiB-hold")],
)
def test_a_long_password_costs_neither_memory_nor_time(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, *, name: str, length: int, status: int, most_kib: int
) -> None:
    function, event = calls(name, "\u00e9" * (length // 2))
    event["body"] = json.dumps(json.loads(event["body"]), ensure_ascii=False)
    handler = importlib.import_module(f"functions.{function}.app").handler
    handler(event, Context())  # What is made once for a sandbox is not the password's.

    def prepare(given: str) -> str:
        assert len(given) <= 256, "it was prepared"
        return given

    def reached(*_: object, **__: object) -> None:
        pytest.fail("it was hashed")

    del stack
    monkeypatch.setattr("rescind.web.credentials.prepare_password", prepare)
    monkeypatch.setattr(PasswordHasher, "verify", reached)
    monkeypatch.setattr(PasswordHasher, "hash", reached)
    tracemalloc.start()
    began = time.process_time()
    answer = handler(event, Context())
    taken = time.process_time() - began
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert answer["statusCode"] == status
    assert peak < most_kib * 1024, f"{peak // 1024} KiB"
    assert taken < 0.1
