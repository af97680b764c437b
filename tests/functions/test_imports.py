"""`importUsers`, which an operator alone can ask for: users of another system, with the hashes it made."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import bcrypt
import pytest
from argon2 import PasswordHasher, Type

from rescind import wiring
from rescind.model import Credential, Status, User
from rescind.rules.imported_hashes import NO_PASSWORD
from rescind.unavailable import UnavailableError
from tests.functions.conftest import REAL, Answer, Stack, recorded
from tests.things import PASSWORD, a_credential

OPERATOR = "arn:aws:sts::123456789012:assumed-role/operators/grace"
BCRYPT = bcrypt.hashpw(PASSWORD.encode(), b"$2b$04$abcdefghijklmnopqrstuu").decode()
ARGON2I = PasswordHasher(1, 64, 1, type=Type.I).hash(PASSWORD, salt=b"0123456789abcdef")
ARGON2ID = PasswordHasher(1, 64, 1, type=Type.ID).hash(PASSWORD, salt=b"0123456789abcdef")


@pytest.fixture
def hasher() -> PasswordHasher:
    return REAL


def send(stack: Stack, users: object) -> Answer:
    event = {"operation": "importUsers", "operator": OPERATOR, "parameters": {"users": users}}
    return stack.answer("admin", event)


def import_users(stack: Stack, *users: dict[str, Any]) -> list[dict[str, str]]:
    answer = send(stack, users)
    assert answer.status == 200, answer.body
    results: list[dict[str, str]] = answer.body["results"]
    return results


def outcomes(results: list[dict[str, str]]) -> list[str]:
    return [result["outcome"] for result in results]


def a_person(username: str = "grace", **members: Any) -> dict[str, Any]:
    return {"username": username, "password_hash": BCRYPT, **members}


def log_in_status(stack: Stack, username: str, password: str = PASSWORD) -> int:
    return stack.answer("login", recorded("login", body={"username": username, "password": password})).status


def credential_of(stack: Stack, username: str) -> Credential:
    credential = stack.stores.credentials.read(username)
    assert credential is not None
    return credential


@pytest.mark.parametrize("password_hash", [BCRYPT, ARGON2I, ARGON2ID], ids=["bcrypt", "argon2i", "argon2id"])
def test_an_imported_user_logs_in_as_before_and_has_a_hash_of_ours_from_then_on(
    stack: Stack, password_hash: str
) -> None:
    [made] = import_users(stack, a_person("Grace", password_hash=password_hash))

    assert credential_of(stack, "grace") == Credential("grace", made["user_id"], password_hash, 1)
    assert log_in_status(stack, "grace", "another-password") == 401
    assert log_in_status(stack, "grace") == 200
    assert credential_of(stack, "grace").password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert log_in_status(stack, "grace", "another-password") == 401
    assert log_in_status(stack, "grace") == 200


def test_a_user_is_imported_with_what_they_may_and_are(stack: Stack) -> None:
    [made] = import_users(
        stack, a_person(scope="orders:read", claims={"plan": "gold"}, status="disabled", password_hash=None)
    )

    assert stack.stores.users.read(made["user_id"]) == User(
        made["user_id"], "grace", Status.DISABLED, "orders:read", '{"plan":"gold"}', 1, 1, 0, 1
    )


@pytest.mark.parametrize("empty", [{"password_hash": ""}, {"password_hash": None}], ids=["empty", "null"])
def test_without_a_hash_a_user_is_made_who_cannot_log_in(stack: Stack, empty: dict[str, Any]) -> None:
    [made] = import_users(stack, a_person() | empty)

    assert made["outcome"] == "created"
    assert credential_of(stack, "grace").password_hash == NO_PASSWORD
    assert log_in_status(stack, "grace") == 401
    assert log_in_status(stack, "grace", NO_PASSWORD) == 401


def test_a_batch_that_was_sent_before_changes_nothing(stack: Stack) -> None:
    batch = [a_person("grace"), a_person("alan", password_hash="")]
    first = import_users(stack, *batch)

    again = import_users(stack, *batch, a_person("edsger"))

    assert outcomes(again) == ["already", "already", "created"]
    assert [each["user_id"] for each in again[:2]] == [each["user_id"] for each in first]


def test_a_name_of_another_hash_is_taken(stack: Stack) -> None:
    import_users(stack, a_person(password_hash=ARGON2I))

    assert import_users(stack, a_person(), a_person("ada", password_hash="")) == [
        {"outcome": "skipped", "why": "The username is taken."},
        {"outcome": "skipped", "why": "The username is taken."},
    ]
    assert credential_of(stack, "grace").password_hash == ARGON2I


def test_of_two_of_one_name_the_first_is_imported(stack: Stack) -> None:
    results = import_users(
        stack, a_person(password_hash="md5"), a_person("Grace", scope="first"), a_person(scope="second")
    )

    assert outcomes(results) == ["skipped", "created", "skipped"]
    assert results[2]["why"] == "The username comes twice."
    user = stack.stores.users.read(results[1]["user_id"])
    assert user is not None
    assert user.scope == "first"


WRONG: dict[str, list[object]] = {
    "username": [None, "", "two words", "x" * 257, 7, "\ud800"],
    "password_hash": ["md5", "x" * 513, "$2b$15$" + BCRYPT[7:], ["$2b$"], NO_PASSWORD],
    "scope": ["two  spaces", ["admin"], "s" * 513],
    "claims": ["gold", [], {"a": "x" * 2048}],
    "status": ["gone", {}, "", True],
}


@pytest.mark.parametrize(
    ("member", "value"), [(member, value) for member, values in WRONG.items() for value in values]
)
def test_who_cannot_be_is_skipped_with_a_word_why_and_no_other(
    stack: Stack, member: str, value: object
) -> None:
    skipped, made = import_users(stack, a_person() | {member: value}, a_person("alan"))

    assert skipped["outcome"] == "skipped"
    assert skipped["why"].startswith(f"{member} ")
    assert made["outcome"] == "created"
    assert stack.stores.credentials.read("grace") is None


MALFORMED: dict[str, object] = {
    "absent": None,
    "an-object": {},
    "a-list-of-texts": ["grace"],
    "too-many": [a_person(f"user-{number}") for number in range(101)],
    "a-password": [a_person(), a_person("alan", password=PASSWORD)],
    "a-mistyped-member": [a_person(), {"username": "alan", "pasword_hash": BCRYPT}],
}


@pytest.mark.parametrize("users", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_batch_of_another_form_imports_nobody(stack: Stack, users: object) -> None:
    answer = send(stack, users)

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert stack.stores.credentials.read("grace") is None


def test_a_hundred_users_are_a_batch_and_none_is_one_too(stack: Stack) -> None:
    hundred = [a_person(f"user-{number}", status="neither") for number in range(100)]  # which is quick

    assert outcomes(import_users(stack, *hundred)) == ["skipped"] * 100
    assert import_users(stack) == []


def test_there_is_no_route_to_it(stack: Stack) -> None:
    event = recorded("admin", body={"users": [a_person()]}) | {"operation": "importUsers"}

    answer = stack.answer("admin", event | {"resource": "/admin/users/import"})

    assert answer.status == 404
    assert stack.stores.credentials.read("grace") is None


def test_each_user_who_is_made_is_written_down_with_the_operator_and_nothing_else(
    stack: Stack, written: Callable[[], str]
) -> None:
    results = import_users(stack, a_person(), a_person("alan"), a_person("ada"))

    log = written()
    lines = [json.loads(line) for line in log.splitlines() if '"message"' in line]
    assert [(line["message"], line["user_id"], line["actor"]) for line in lines] == [
        ("UserCreated", result["user_id"], OPERATOR) for result in results[:2]
    ]
    assert BCRYPT not in log
    assert "grace" not in log.replace(OPERATOR, "")


class Failing:
    """The stores, of which a call fails: `fails` says which, each time with how many went before."""

    def __init__(self, store: Any, fails: Callable[[str, int], bool], *, after: bool = False) -> None:
        self._store = store
        self._fails = fails
        self._after = after
        self._calls = 0

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any) -> Any:
            fails = self._fails(name, self._calls)
            self._calls += 1
            if fails and not self._after:
                raise UnavailableError("the table does not answer")
            answer = getattr(self._store, name)(*args)
            if fails:
                raise UnavailableError("the answer was lost")
            return answer

        return call


def test_what_a_table_that_fails_has_left_is_not_done_and_may_be_sent_again(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, written: Callable[[], str]
) -> None:
    batch = [a_person("grace"), a_person("two words"), a_person("alan"), a_person("kurt"), a_person("ada b")]
    failing = Failing(wiring.accounts(), lambda _, before: before == 1)
    with monkeypatch.context() as context:
        context.setattr(wiring, "accounts", lambda: failing)

        results = import_users(stack, *batch)

    assert outcomes(results) == ["created", "skipped", "not_done", "not_done", "skipped"]
    assert '"message":"Unavailable"' in written()
    assert outcomes(import_users(stack, *batch)) == ["already", "skipped", "created", "created", "skipped"]


def test_where_nothing_is_certain_the_answer_is_503(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = Failing(wiring.accounts(), lambda *_: True)
    monkeypatch.setattr(wiring, "accounts", lambda: failing)

    answer = send(stack, [a_person(), a_person("alan")])

    assert (answer.status, answer.body["error"]) == (503, "temporarily_unavailable")


def test_a_user_whose_writes_answer_was_lost_is_found(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, written: Callable[[], str]
) -> None:
    lost = Failing(wiring.accounts(), lambda *_: True, after=True)
    monkeypatch.setattr(wiring, "accounts", lambda: lost)

    [made] = import_users(stack, a_person())

    assert made == {"outcome": "created", "user_id": credential_of(stack, "grace").user_id}
    assert "UserCreated" in written()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the import's clock shows, one time after another; the last one for ever."""
    times = [0.0]
    shown = SimpleNamespace(monotonic=lambda: times.pop(0) if len(times) > 1 else times[0])
    monkeypatch.setattr("rescind.admin.imports.time", shown)
    return times


def test_what_there_is_no_time_for_is_not_done(stack: Stack, clock: list[float]) -> None:
    clock[:] = [100.0, 100.0, 103.9, 104.0]
    batch = [a_person("grace"), a_person("alan"), a_person("kurt"), a_person("edsger")]

    assert outcomes(import_users(stack, *batch)) == ["created", "created", "not_done", "not_done"]


def test_when_time_is_up_nobody_is_asked_whose_a_name_is(stack: Stack, clock: list[float]) -> None:
    import_users(stack, a_person("alan"))
    clock[:] = [100.0, 100.0, 100.0, 104.0]

    results = import_users(stack, a_person("grace"), a_person("alan"))

    assert outcomes(results) == ["created", "not_done"]


def test_a_name_that_is_free_again_by_then_is_not_done(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    import_users(stack, a_person("alan"))
    monkeypatch.setattr(type(wiring.credentials()), "read", lambda *_: None)

    assert outcomes(import_users(stack, a_person("grace"), a_person("alan"))) == ["created", "not_done"]


def test_a_row_that_is_not_ascii_is_another_hash(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    import_users(stack, a_person())
    strange = a_credential(username="grace", password_hash="\u00e4")
    monkeypatch.setattr(type(wiring.credentials()), "read", lambda *_: strange)

    assert outcomes(import_users(stack, a_person())) == ["skipped"]
