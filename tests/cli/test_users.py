"""What an operator does to users with `rescind users`."""

from collections.abc import Mapping
from typing import Any

import pytest

from rescind_cli.stack import Stack
from tests.cli.conftest import Rescind
from tests.journeys.conftest import Client
from tests.local_gateway import RunningGateway

PASSWORD = "a-password-of-hers"
NEW_PASSWORD = "a-password-from-the-desk"


def test_the_first_admin_is_made_and_logs_in(rescind: Rescind, client: Client) -> None:
    made = rescind("users", "add", "grace", "--scope", "admin", typed=f"{PASSWORD}\n{PASSWORD}\n")

    assert made.code == 0, made.err
    assert "grace is usr_" in made.out
    assert PASSWORD not in made.out + made.err
    assert client.log_in("grace", PASSWORD)["scope"] == "admin"


def test_a_name_that_is_taken_is_said_in_one_line(rescind: Rescind) -> None:
    rescind("users", "add", "alan", "--password-stdin", typed=PASSWORD)

    again = rescind("users", "add", "alan", "--password-stdin", typed=PASSWORD)

    assert (again.code, again.out, again.err) == (3, "", "rescind: The username is taken.\n")


def test_who_did_it_is_in_the_log(rescind: Rescind, gateway: RunningGateway) -> None:
    user_id = rescind.document("users", "add", "ada", "--password-stdin", typed=PASSWORD)["user_id"]

    [line] = [line for line in gateway.output().splitlines() if "UserCreated" in line and user_id in line]

    assert '"actor":"arn:aws:iam::000000000000:user/' in line


def test_the_shared_options_may_stand_anywhere(rescind: Rescind) -> None:
    assert rescind("users", "--json", "show", "usr_" + "n" * 21 + "A").err.startswith('{"error": "not_found"')


def add(rescind: Rescind, name: str, *, scope: str = "") -> str:
    """The id of a new user."""
    made = rescind.document("users", "add", name, "--scope", scope, "--password-stdin", typed=PASSWORD)
    return str(made["user_id"])


def test_a_scope_that_is_taken_away_is_gone_from_a_live_token(rescind: Rescind, client: Client) -> None:
    user_id = add(rescind, "hedy", scope="orders:read orders:write")
    bearer = client.log_in("hedy", PASSWORD)["access_token"]

    changed = rescind("users", "change", "hedy", "--scope", "orders:read", "--claims", '{"plan": "gold"}')

    assert changed.code == 0, changed.err
    assert f"hedy ({user_id})" in changed.out
    assert client.me(bearer).json()["scope"] == "orders:read"
    document = rescind.document("users", "change", user_id, "--scope", "")
    assert (document["scope"], document["claims"]) == ("", {"plan": "gold"})
    assert client.me(bearer).json()["scope"] == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param([], "Give scope, claims, or both.", id="nothing-to-change"),
        pytest.param(["--claims", "gold"], "--claims is not JSON: ", id="no-json"),
        pytest.param(["--claims", "[]"], "--claims is not a JSON object.", id="no-object"),
        pytest.param(["--scope", "a  b"], "scope must be names with one space between them.", id="no-scope"),
    ],
)
def test_a_change_that_cannot_be_is_said_in_one_line(
    rescind: Rescind, arguments: list[str], said: str
) -> None:
    refused = rescind("users", "change", "demo", *arguments)

    assert (refused.code, refused.out, refused.err.count("\n")) == (3, "", 1)
    assert refused.err.startswith(f"rescind: {said}")


@pytest.mark.parametrize(
    ("arguments", "typed"),
    [
        pytest.param([], f"{NEW_PASSWORD}\n{NEW_PASSWORD}\n", id="asked-for-twice"),
        pytest.param(["--password-stdin"], NEW_PASSWORD, id="from-a-pipe"),
    ],
)
def test_a_password_that_is_set_ends_everything_and_opens_a_session(
    rescind: Rescind, client: Client, arguments: list[str], typed: str
) -> None:
    name = f"joan-{len(arguments)}"
    add(rescind, name)
    old = client.log_in(name, PASSWORD)

    done = rescind("users", "password", name, *arguments, typed=typed)

    assert done.code == 0, done.err
    assert f"{name} has a new password.\nNo token of theirs gets through from 20" in done.out
    assert NEW_PASSWORD not in done.out + done.err
    assert client.me(old["access_token"]).status_code == 401
    assert client.refresh(old["refresh_token"]).status_code == 401
    assert client.me(client.log_in(name, NEW_PASSWORD)["access_token"]).status_code == 200


def test_a_password_is_set_for_scripts(rescind: Rescind) -> None:
    user_id = add(rescind, "katherine")

    done = rescind.document("users", "password", user_id, "--password-stdin", typed=NEW_PASSWORD)

    assert done == {"user_id": user_id, "effective_by": done["effective_by"]}


def test_a_password_that_is_none_is_refused_in_one_line(rescind: Rescind) -> None:
    refused = rescind("users", "password", "demo", "--password-stdin", typed="password123")

    assert (refused.code, refused.out, refused.err.count("\n")) == (3, "", 1)
    assert "one of the passwords that are tried first" in refused.err


def test_nobody_types_a_password_for_a_user_who_is_not_there(rescind: Rescind) -> None:
    refused = rescind("users", "password", "nobody")

    assert (refused.code, refused.out, refused.err) == (3, "", "rescind: There is no user nobody.\n")


def test_a_user_is_shown_by_name_or_by_id(rescind: Rescind) -> None:
    user_id = add(rescind, "mary", scope="orders:read")

    assert rescind.document("users", "show", "Mary") == rescind.document("users", "show", user_id)


@pytest.mark.parametrize("command", [["enable"], ["change", "--scope", "admin"]], ids=["enable", "change"])
def test_what_a_second_time_could_undo_is_not_repeated_and_the_cure_is_to_look(
    rescind: Rescind, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    asked = []

    def unavailable(_: Stack, function: str, event: Mapping[str, Any]) -> dict[str, Any]:
        asked.append((function, event["operation"]))
        return {"statusCode": 503, "body": '{"error_description": "No answer."}'}

    monkeypatch.setattr(Stack, "invoke", unavailable)
    verb, *options = command

    said = rescind("users", verb, "usr_" + "n" * 21 + "A", *options)

    assert (said.code, len(asked)) == (4, 1)
    assert said.err.endswith("give it again only if it was not: `rescind users show`.\n")


def test_a_disabled_user_is_locked_out_and_an_enabled_one_logs_in_again(
    rescind: Rescind, client: Client
) -> None:
    add(rescind, "barbara")
    token = client.log_in("barbara", PASSWORD)["access_token"]

    disabled = rescind("users", "disable", "barbara")

    assert disabled.out.startswith("barbara is disabled.\nNo token of theirs gets through from 20")
    assert client.me(token).status_code == 401
    login = {"username": "barbara", "password": PASSWORD}
    assert client.ask("POST", "/auth/login", json=login).status_code == 401

    enabled = rescind("users", "enable", "barbara")

    assert (enabled.code, enabled.out) == (0, "barbara is active, and can log in.\n")
    assert client.me(token).status_code == 401, "no old token comes back"
    assert client.log_in("barbara", PASSWORD)


def test_deleting_a_user_asks_first_ends_every_token_and_frees_the_name(
    rescind: Rescind, client: Client
) -> None:
    add(rescind, "radia")
    token = client.log_in("radia", PASSWORD)["access_token"]

    kept = rescind("users", "delete", "radia", typed="n\n")
    assert kept.code == 130
    assert client.me(token).status_code == 200

    gone = rescind("users", "delete", "radia", typed="y\n")

    assert gone.code == 0, gone.err
    assert "Delete radia (usr_" in gone.err
    assert client.me(token).status_code == 401
    assert rescind("users", "show", "radia").code == 3
    add(rescind, "radia")


# ------------------------------------------------------------------ users of another issuer

ISSUER = "https://id.example.com/pool"


def add_external(rescind: Rescind, subject: str, *, scope: str = "") -> str:
    """The id of a new user."""
    made = rescind.document("users", "add", "--issuer", ISSUER, "--subject", subject, "--scope", scope)
    return str(made["user_id"])


def test_a_user_of_another_issuer_is_made_without_a_password(rescind: Rescind) -> None:
    made = rescind("users", "add", "--issuer", ISSUER, "--subject", "auth0|1 a", "--scope", "orders:read")

    assert made.code == 0, made.err
    assert f"{ISSUER} auth0|1 a is usr_" in made.out
    assert "Password" not in made.err
    again = rescind("users", "add", "--issuer", ISSUER, "--subject", "auth0|1 a")
    assert (again.code, again.err) == (3, "rescind: That user is here already.\n")


def test_a_user_of_another_issuer_is_named_as_they_are_listed(rescind: Rescind) -> None:
    user_id = add_external(rescind, "248289761001", scope="orders:read")
    [listed] = [each for each in rescind.document("users", "list")["users"] if each["user_id"] == user_id]
    named = listed["username"]

    assert rescind.document("users", "show", named) == rescind.document("users", "show", user_id)
    assert rescind("sessions", named).out == f"{named} is not logged in anywhere.\n"
    assert rescind.document("users", "disable", named)["status"] == "disabled"
    assert rescind("revoke", "user", named).code == 0
    assert rescind("users", "delete", named, "--yes").code == 0
    assert rescind("users", "show", named).err == f"rescind: There is no user {named}.\n"


@pytest.mark.parametrize("by", ["name", "id"])
def test_nobody_types_a_password_for_a_user_who_has_none(rescind: Rescind, by: str) -> None:
    user_id = add_external(rescind, f"without-{by}")
    user = user_id if by == "id" else f"{ISSUER} without-{by}"

    refused = rescind("users", "password", user)

    assert (refused.code, refused.out) == (3, "")
    assert refused.err == (
        f"rescind: {user} logs in at {ISSUER}, and has no password here. "
        "Change it there; to end what is open here, `rescind revoke user`.\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="nobody"),
        pytest.param(["--issuer", ISSUER], id="no-subject"),
        pytest.param(["--subject", "1"], id="no-issuer"),
        pytest.param(["ada", "--issuer", ISSUER, "--subject", "1"], id="both"),
        pytest.param(["--issuer", ISSUER, "--subject", "1", "--password-stdin"], id="a-password"),
    ],
)
def test_a_user_has_a_name_and_a_password_or_an_issuer_and_a_subject(
    rescind: Rescind, arguments: list[str]
) -> None:
    refused = rescind("users", "add", *arguments, typed=PASSWORD)

    assert (refused.code, refused.out) == (2, "")
    assert "Give a username; or --issuer and --subject, and no password." in refused.err
