"""What all commands share: which stack is meant, how a command ends, and where the options may stand."""

import socket
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from rescind_cli.app import app
from rescind_cli.commands import shared_first
from tests.cli.conftest import Rescind
from tests.local_gateway import gateway_environment

NOBODY = "usr_" + "n" * 21 + "A"


def run(*arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(app, list(arguments), prog_name="rescind")
    return ended.exit_code, ended.stderr


@pytest.mark.parametrize(
    ("given_as", "wanted"),
    [
        (["users", "show", "ada", "--json"], ["--json", "users", "show", "ada"]),
        (["users", "--stack", "prod", "show", "ada"], ["--stack", "prod", "users", "show", "ada"]),
        (["users", "show", "ada", "--port=1"], ["--port=1", "users", "show", "ada"]),
        (["users", "add", "--", "--json"], ["users", "add", "--", "--json"]),
        (["users", "add", "ada", "--scope", "admin"], ["users", "add", "ada", "--scope", "admin"]),
        (["users", "show", "ada", "--stack"], ["--stack", "users", "show", "ada"]),
    ],
)
def test_the_shared_options_come_first_wherever_they_stand(given_as: list[str], wanted: list[str]) -> None:
    assert shared_first(given_as) == wanted


@given(
    st.lists(st.sampled_from(["users", "--json", "--local", "--stack", "prod", "--port=1", "--scope", "--"]))
)
def test_no_word_is_lost_or_added(words: list[str]) -> None:
    assert sorted(shared_first(words)) == sorted(words)


def test_a_command_without_a_stack_says_how_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RESCIND_STACK", raising=False)

    code, said = run("users", "show", "ada")

    assert code == 5
    assert said.startswith("rescind: Which stack? Say --stack NAME (or set RESCIND_STACK), or --local ")
    assert said.count("\n") == 1


def test_a_local_stack_that_is_not_running_is_said_with_the_cure() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        code, said = run("--local", "--port", str(taken.getsockname()[1]), "users", "show", NOBODY)

    assert code == 5
    assert said.startswith("rescind: Nothing answers for the local stack")
    assert "make run" in said
    assert said.count("\n") == 1


def test_a_wrong_command_line_is_the_shells_2() -> None:
    assert run("users", "dance")[0] == 2


def test_an_error_for_a_script_is_json_on_stderr(rescind: Rescind) -> None:
    said = rescind("users", "show", NOBODY, "--json")

    assert (said.code, said.out) == (3, "")
    assert said.err == '{"error": "not_found", "error_description": "There is no such user."}\n'


def test_a_shell_completes_the_commands() -> None:
    asked = {"_RESCIND_COMPLETE": "complete_bash", "COMP_WORDS": "rescind revoke ", "COMP_CWORD": "2"}

    told = subprocess.run(
        [sys.executable, "-m", "rescind_cli"],
        env={**gateway_environment(), **asked},
        capture_output=True,
        text=True,
        check=True,
    )

    assert set(told.stdout.split()) == {"user", "session", "token", "everyone"}
