"""What an admin finds, changes and sets, over HTTP and as an operator."""

from collections.abc import Callable
from typing import Any

import pytest

from rescind import wiring
from rescind.model import Lost, Status, User
from rescind.store.accounts import Accounts
from rescind.store.user_rows import user_item
from rescind.store.users import Users
from rescind.web.authorizer import UnauthorizedError
from tests.functions.conftest import Answer, Stack, recorded
from tests.functions.test_admin import NOBODY, OPERATOR, ask, operate, refresh_status
from tests.things import NOW, PASSWORD, USER_ID, a_credential, a_user

NEW_PASSWORD = "a-password-from-the-desk"
STRANGER_ID = "usr_" + "w" * 21 + "A"
USER = "/admin/users/{user_id}"

Prepare = Callable[[Stack], object]


def find(stack: Stack, *usernames: str) -> Answer:
    event = recorded("admin") | {"httpMethod": "GET", "body": None}
    if usernames:
        event |= {
            "queryStringParameters": {"username": usernames[-1]},
            "multiValueQueryStringParameters": {"username": list(usernames)},
        }
    return stack.answer("admin", event)


def change(stack: Stack, **body: object) -> Answer:
    return ask(stack, "PATCH", USER, body=body)


def set_password(stack: Stack, password: str = NEW_PASSWORD, *, user_id: str = USER_ID) -> Answer:
    return ask(stack, "POST", f"{USER}/password", user_id=user_id, body={"password": password})


def log_in(stack: Stack, password: str = PASSWORD) -> Answer:
    return stack.answer("login", recorded("login", body={"username": "ada", "password": password}))


def granted_scope(stack: Stack, tokens: dict[str, Any]) -> str | None:
    """What the authorizer hands on; None when it refuses."""
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    try:
        answer = stack.invoke("authorizer", recorded("authorizer-rest-request", headers=bearer))
    except UnauthorizedError:
        return None
    return str(answer["context"]["scope"])


def user_of(stack: Stack) -> User:
    user = stack.stores.users.read(USER_ID)
    assert user is not None
    return user


# Finding


@pytest.mark.parametrize(
    "username", ["ada", "Ada", "\uff21da"], ids=["as-stored", "upper-case", "full-width"]
)
def test_a_user_is_found_by_the_name_they_log_in_with(stack: Stack, username: str) -> None:
    stack.log_in()

    found = find(stack, username)

    assert found.status == 200
    assert found.body == ask(stack, "GET", USER).body
    assert found.body["sessions"] == 1


@pytest.mark.parametrize(
    ("usernames", "status"),
    [
        pytest.param(["eve"], 404, id="nobody"),
        pytest.param([], 400, id="no-name"),
        pytest.param([""], 400, id="empty"),
        pytest.param(["ada", "ada"], 400, id="twice"),
        pytest.param(["ada lovelace"], 400, id="a-space"),
        pytest.param(["a" * 257], 400, id="too-long"),
    ],
)
def test_who_cannot_be_found_is_said_to_be_missing_or_malformed(
    stack: Stack, usernames: list[str], status: int
) -> None:
    assert find(stack, *usernames).status == status


def test_a_name_that_leads_to_nobody_is_nobodys(stack: Stack) -> None:
    stack.stores.users.delete(USER_ID, now=NOW)

    assert find(stack, "ada").status == 404


# Changing


def test_what_is_given_changes_and_the_rest_stays(stack: Stack) -> None:
    before = ask(stack, "GET", USER).body

    scoped = change(stack, scope="orders:read", claims=None)
    claimed = change(stack, claims={"plan": "silver"})

    assert (scoped.status, scoped.body) == (200, before | {"scope": "orders:read"})
    assert (claimed.status, claimed.body) == (200, scoped.body | {"claims": {"plan": "silver"}})
    assert ask(stack, "GET", USER).body == claimed.body
    assert user_of(stack).revision == a_user().revision + 2


def test_a_scope_and_claims_are_taken_away_whole(stack: Stack) -> None:
    emptied = change(stack, scope="", claims={}).body

    assert (emptied["scope"], emptied["claims"]) == ("", {})


def test_a_scope_that_is_taken_away_is_gone_at_once_and_its_token_lives(stack: Stack) -> None:
    tokens = stack.log_in()
    assert granted_scope(stack, tokens) == "orders:read orders:write"

    change(stack, scope="orders:write reports:read")

    assert granted_scope(stack, tokens) == "orders:write"
    assert refresh_status(stack, tokens) == 200


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"scope": None, "claims": None}, id="null"),
        pytest.param({"status": "active"}, id="another-member"),
        pytest.param({"scope": "two  spaces"}, id="scope"),
        pytest.param({"scope": ["admin"]}, id="scope-as-list"),
        pytest.param({"scope": "s" * 513}, id="scope-too-long"),
        pytest.param({"claims": []}, id="claims-as-list"),
        pytest.param({"claims": {"a": "x" * 2048}}, id="claims-too-large"),
        pytest.param({"scope": "orders:read", "claims": "gold"}, id="one-of-two"),
    ],
)
def test_a_change_that_cannot_be_changes_nothing(stack: Stack, body: dict[str, object]) -> None:
    answer = change(stack, **body)

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert user_of(stack) == a_user(logged_out_at=0)


def test_a_row_of_before_there_were_revisions_is_read_and_changed(stack: Stack) -> None:
    """Or an upgrade, and each backup of before it, would lock everybody out."""
    item = {name: value for name, value in user_item(a_user()).items() if name != "revision"}
    wiring.dynamodb().put_item(TableName="Users", Item=item)

    assert ask(stack, "GET", USER).status == 200
    assert change(stack, scope="").status == 200
    assert change(stack, claims={"plan": "silver"}).status == 200

    assert stack.stores.users.read(USER_ID) == a_user(scope="", claims='{"plan":"silver"}', revision=2)
    assert isinstance(stack.stores.users.change(a_user(revision=1), now=NOW), Lost), (
        "the row has a revision by now"
    )


# Setting a password


def test_a_password_that_an_admin_sets_ends_everything_but_a_login_with_it(stack: Stack) -> None:
    tokens = [stack.log_in(), stack.log_in()]

    answer = set_password(stack)

    assert answer.status == 200
    assert answer.body == {"user_id": USER_ID, "effective_by": answer.body["effective_by"]}
    for each in tokens:
        assert granted_scope(stack, each) is None
        assert refresh_status(stack, each) == 401
    assert log_in(stack).status == 401
    assert granted_scope(stack, log_in(stack, NEW_PASSWORD).body) == "orders:read orders:write"


def test_a_disabled_user_gets_a_new_password_and_stays_disabled(stack: Stack) -> None:
    ask(stack, "POST", f"{USER}/disable")

    assert set_password(stack).status == 200

    assert user_of(stack).status is Status.DISABLED
    assert log_in(stack, NEW_PASSWORD).status == 401
    ask(stack, "POST", f"{USER}/enable")
    assert log_in(stack, NEW_PASSWORD).status == 200


@pytest.mark.parametrize(
    ("of_user", "of_credential", "then"),
    [(3, 3, 4), (3, 9, 10), (9, 3, 10)],
    ids=["in-step", "credential-ahead", "user-ahead"],
)
def test_a_reset_mends_versions_that_came_apart(
    stack: Stack, of_user: int, of_credential: int, then: int
) -> None:
    restore(stack, a_user(password_version=of_user), a_credential(password_version=of_credential))

    assert set_password(stack).status == 200

    credential = stack.stores.credentials.read("ada")
    assert credential is not None
    assert (user_of(stack).password_version, credential.password_version) == (then, then)
    assert log_in(stack, NEW_PASSWORD).status == 200


def test_a_reset_makes_a_credential_that_is_missing(stack: Stack) -> None:
    wiring.dynamodb().delete_item(TableName="Credentials", Key={"username": {"S": "ada"}})

    assert set_password(stack).status == 200

    assert log_in(stack, NEW_PASSWORD).status == 200


def test_a_reset_does_not_touch_the_credential_of_another_user_of_that_name(stack: Stack) -> None:
    of_another = a_credential(user_id=STRANGER_ID, password_version=1)
    restore(stack, a_user(), of_another)

    answer = set_password(stack)

    assert (answer.status, answer.body["error"]) == (409, "conflict")
    assert stack.stores.credentials.read("ada") == of_another
    assert user_of(stack) == a_user()


def restore(stack: Stack, user: User, *credentials: Any) -> None:
    """As a restore of the two tables to different seconds would leave them."""
    wiring.dynamodb().delete_item(TableName="Credentials", Key={"username": {"S": "ada"}})
    stack.stores.users.delete(user.user_id, now=NOW)
    for credential in credentials:
        stack.stores.accounts.create(user, credential)


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("short", id="short"),
        pytest.param("p" * 257, id="long"),
        pytest.param("password123", id="common"),
        pytest.param("tab\tin-it-somewhere", id="not-preparable"),
        pytest.param(None, id="none"),
        pytest.param(12345678, id="a-number"),
    ],
)
def test_a_password_that_cannot_be_is_not_set(stack: Stack, password: Any) -> None:
    tokens = stack.log_in()

    answer = set_password(stack, password)

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert refresh_status(stack, tokens) == 200


def test_the_username_is_no_password(stack: Stack) -> None:
    stack.answer("admin", recorded("admin", body={"username": "charlotte", "password": "a-password-of-hers"}))
    user_id = find(stack, "charlotte").body["user_id"]

    assert set_password(stack, "Charlotte", user_id=user_id).status == 400


# What is in the way


def test_a_change_that_finds_another_one_made_is_made_on_top_of_it(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    between(monkeypatch, Users, "change", lambda: change(stack, claims={"plan": "silver"}))

    answer = change(stack, scope="orders:read")

    assert answer.status == 200
    user = user_of(stack)
    assert (user.scope, user.claims) == ("orders:read", '{"plan":"silver"}')


def test_a_reset_that_finds_everything_ended_ends_it_again(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    between(monkeypatch, Accounts, "set_password", lambda: ask(stack, "POST", f"{USER}/revoke"))

    assert set_password(stack).status == 200

    assert user_of(stack).token_version == a_user().token_version + 2
    assert log_in(stack, NEW_PASSWORD).status == 200


def between(monkeypatch: pytest.MonkeyPatch, store: type[Any], method: str, happens: Any) -> None:
    """Let something happen once, after the read and before the write."""
    write = vars(store)[method]

    def happens_first(self: Any, *args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(store, method, write)
        happens()
        return write(self, *args, **kwargs)

    monkeypatch.setattr(store, method, happens_first)


@pytest.mark.parametrize("deed", ["change", "reset"])
def test_a_user_whom_others_change_at_every_try_is_a_503_after_five(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    tried: list[object] = []

    def always_late(_: Any, changed: User, *__: object, **___: object) -> Any:
        tried.append(changed)
        return Lost(a_user(), repeated=False) if deed == "change" else False

    monkeypatch.setattr(Users, "change", always_late)
    monkeypatch.setattr(Accounts, "set_password", always_late)

    answer = change(stack, scope="") if deed == "change" else set_password(stack)

    assert (answer.status, len(tried)) == (503, 5)


@pytest.mark.parametrize("deed", [lambda s: change(s, scope=""), set_password], ids=["change", "reset"])
def test_a_user_who_is_deleted_meanwhile_is_404_and_not_made_again(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, deed: Callable[[Stack], Answer]
) -> None:
    for store, method in ((Users, "change"), (Accounts, "set_password")):
        between(monkeypatch, store, method, lambda: ask(stack, "DELETE", USER))

    assert deed(stack).status == 404

    assert stack.stores.users.read(USER_ID) is None
    assert stack.stores.credentials.read("ada") is None


# For operators


def test_an_operator_sees_where_a_user_is_logged_in(stack: Stack) -> None:
    tokens = stack.log_in()
    stack.stores.sessions.end(USER_ID, stack.log_in()["session_id"], now=1)

    listed = operate(stack, "listUserSessions", operator=OPERATOR, parameters={"user_id": USER_ID})

    assert listed.status == 200
    assert listed.body["user_id"] == USER_ID
    [session] = listed.body["sessions"]
    event = recorded("sessions")
    event["requestContext"]["authorizer"] |= {"sub": USER_ID, "sid": tokens["session_id"]}
    [own] = stack.answer("sessions", event).body["sessions"]
    assert {**session, "current": True} == own


def test_whose_sessions_are_nobodys_is_404_and_a_malformed_id_400(stack: Stack) -> None:
    for user_id, status in ((NOBODY, 404), ("ada", 400)):
        listed = operate(stack, "listUserSessions", parameters={"user_id": user_id})

        assert listed.status == status
