"""Where a user is logged in, and what `rescind revoke` ends of it."""

import json

import pytest

from rescind_cli.screen import Screen
from tests.cli.conftest import Rescind, Said
from tests.journeys.conftest import Client

NOBODY = "usr_" + "n" * 21 + "A"
NO_TOKEN = "That is no token, and no token id (tok_ and 22 characters). Was it copied whole?"
NO_SESSION = "ses_" + "n" * 21 + "A"


def token_id(client: Client, bearer: str) -> str:
    return str(client.me(bearer).json()["token_id"])


def is_refused_in_one_line(said: Said, line: str) -> bool:
    return (said.code, said.out, said.err) == (3, "", f"rescind: {line}\n")


def test_the_live_sessions_of_a_user_are_listed(rescind: Rescind, client: Client) -> None:
    first, second = client.log_in(), client.log_in()
    shown = client.ask("GET", "/auth/sessions", bearer=second["access_token"]).json()["sessions"]

    listed = rescind("sessions", "demo")
    document = rescind.document("sessions", "demo")

    assert listed.code == 0, listed.err
    lines = listed.out.splitlines()
    assert lines[0].split("  ")[0].strip() == "session"
    at = {tokens["session_id"]: listed.out.index(tokens["session_id"]) for tokens in (first, second)}
    assert at[second["session_id"]] < at[first["session_id"]], "the newest first"
    assert document["user_id"] == client.me(first["access_token"]).json()["user_id"]
    assert [{**each, "current": True} for each in document["sessions"]] == [
        {**each, "current": True} for each in shown
    ]


def test_who_is_logged_in_nowhere_is_said_to_be(rescind: Rescind) -> None:
    rescind("users", "add", "idle", "--password-stdin", typed="a-password-of-theirs")

    assert rescind("sessions", "idle").out == "idle is not logged in anywhere.\n"
    assert rescind.document("sessions", "idle")["sessions"] == []


def test_a_user_agent_does_not_write_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Screen(as_json=False).table(("user agent",), [("a\x1b[2J\x9b31m\u202e[red]b",)])

    shown = capsys.readouterr().out.splitlines()[1].strip()
    assert shown == "a\ufffd[2J\ufffd31m\ufffd[red]b"


def test_revoking_a_user_ends_every_token_and_lets_them_log_in_again(
    rescind: Rescind, client: Client
) -> None:
    sessions = [client.log_in(), client.log_in()]

    done = rescind("revoke", "user", "demo")

    assert done.code == 0, done.err
    assert done.out.startswith("Every session of demo has ended.\nNothing of it gets through from 20")
    for each in sessions:
        assert client.me(each["access_token"]).status_code == 401
        assert client.refresh(each["refresh_token"]).status_code == 401
    assert client.me(client.log_in()["access_token"]).status_code == 200
    assert rescind.document("revoke", "user", "demo").keys() == {"user_id", "status", "effective_by"}


def test_revoking_a_session_ends_that_one(rescind: Rescind, client: Client) -> None:
    lost, kept = client.log_in(), client.log_in()

    done = rescind("revoke", "session", "demo", lost["session_id"])
    again = rescind("revoke", "session", "demo", lost["session_id"], "--json")

    assert done.code == 0, done.err
    assert client.me(lost["access_token"]).status_code == 401
    assert client.refresh(lost["refresh_token"]).status_code == 401
    assert client.me(kept["access_token"]).status_code == 200
    assert (again.code, again.document["revoked"]) == (1, "nothing")


@pytest.mark.parametrize("arguments", [[], ["-"]], ids=["asked-for", "from-a-pipe"])
def test_an_access_token_is_blocked_and_shown_nowhere(
    rescind: Rescind, client: Client, arguments: list[str]
) -> None:
    tokens = client.log_in()

    done = rescind("revoke", "token", *arguments, "--reason", "stolen", typed=f"{tokens['access_token']}\n")

    assert done.code == 0, done.err
    assert tokens["access_token"] not in done.out + done.err
    assert client.me(tokens["access_token"]).status_code == 401
    assert client.refresh(tokens["refresh_token"]).status_code == 200


def test_a_refresh_token_ends_its_session(rescind: Rescind, client: Client) -> None:
    tokens = client.log_in()

    done = rescind("revoke", "token", "-", typed=tokens["refresh_token"])

    assert done.out.startswith("The session has ended, and its access tokens with it.\n")
    assert client.me(tokens["access_token"]).status_code == 401


def test_a_token_may_be_given_as_the_header_that_it_came_in(rescind: Rescind, client: Client) -> None:
    tokens = client.log_in()

    done = rescind("revoke", "token", "-", typed=f"Authorization: Bearer {tokens['access_token']}\n")

    assert done.code == 0, done.err
    assert client.me(tokens["access_token"]).status_code == 401


def test_a_token_is_blocked_by_its_id(rescind: Rescind, client: Client) -> None:
    bearer = client.log_in()["access_token"]

    done = rescind.document("revoke", "token", token_id(client, bearer))

    assert done == {"revoked": "token", "effective_by": done["effective_by"]}
    assert client.me(bearer).status_code == 401


def test_a_token_of_nobody_ends_nothing_and_the_exit_code_says_so(rescind: Rescind) -> None:
    done = rescind("revoke", "token", "-", typed="some.garbage.here")

    assert (done.code, done.err) == (1, "")
    assert done.out.startswith("Nothing was ended: ")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        pytest.param(["sessions", "nobody"], "There is no user nobody.", id="sessions-of-nobody"),
        pytest.param(["sessions", NOBODY], "There is no such user.", id="sessions-of-an-unknown-id"),
        pytest.param(["revoke", "user", NOBODY], "There is no such user.", id="revoke-nobody"),
        pytest.param(
            ["revoke", "session", "nobody", NO_SESSION], "There is no user nobody.", id="session-of-nobody"
        ),
        pytest.param(
            ["revoke", "session", "demo", "ses_1"],
            "ses_1 is no session id (ses_ and 22 characters): `rescind sessions demo` lists them.",
            id="malformed-session",
        ),
        pytest.param(["revoke", "token", "-"], NO_TOKEN, id="an-empty-pipe"),
        pytest.param(["revoke", "token", "tok_short"], NO_TOKEN, id="a-token-id-that-was-cut"),
        pytest.param(
            ["users", "show", "a name"],
            "username must have letters, digits and ASCII punctuation only.",
            id="no-name",
        ),
    ],
)
def test_an_operators_own_mistakes_are_said_in_one_line(
    rescind: Rescind, arguments: list[str], line: str
) -> None:
    assert is_refused_in_one_line(rescind(*arguments), line)
    for_scripts = rescind(*arguments, "--json")
    assert (for_scripts.code, for_scripts.out) == (3, "")
    assert json.loads(for_scripts.err)["error_description"] == line


def test_the_help_says_where_a_token_does_not_belong(rescind: Rescind) -> None:
    assert "history of your shell" in rescind("revoke", "token", "--help").out
