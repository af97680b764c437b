"""The stack of the proof's own: made only after a yes, in development, and deleted whatever came of it."""

from types import SimpleNamespace
from typing import Any

import pytest

from prove_on_aws import __main__ as program
from prove_on_aws.throwaway import Throwaway
from rescind_cli.errors import CommandError, Exit

YES = ["--region", "us-east-1", "--yes"]


class Recorded:
    """In place of SAM CLI and of the proof."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.proved: list[str] = []
        self.codes = {"deploy": 0, "delete": 0}
        self.ends_with: BaseException | None = None

    def run(self, command: list[str]) -> int:
        self.commands.append(command)
        return self.codes[command[1]]

    def prove(self, stack: Any, _: object) -> int:
        self.proved.append(stack.name)
        if self.ends_with:
            raise self.ends_with
        return Exit.DONE

    @property
    def verbs(self) -> list[str]:
        return [command[1] for command in self.commands]


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    recorded = Recorded()
    made = Throwaway("rescind-prove-0123abcd", "us-east-1", None, recorded.run)
    monkeypatch.setattr(Throwaway, "_log_group", lambda *_: "")
    monkeypatch.setattr(program, "new_throwaway", lambda **_: made)
    monkeypatch.setattr(program, "deployed_stack", lambda name, **_: SimpleNamespace(name=name))
    monkeypatch.setattr(program, "prove", recorded.prove)
    return recorded


def answering(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    given = iter(answers)
    monkeypatch.setattr("builtins.input", lambda _: next(given))


def test_it_is_deployed_in_development_with_what_the_journeys_need_and_deleted(recorded: Recorded) -> None:
    code = program.main([*YES, "--parameter", "RevocationDelaySeconds=10"])

    assert code == Exit.DONE
    assert recorded.proved == ["rescind-prove-0123abcd"]
    deploy, delete = recorded.commands
    assert {"Environment=development", "AllowedOrigins=https://app.example.com"} <= set(deploy)
    assert "RevocationDelaySeconds=10" in deploy
    assert deploy[deploy.index("--stack-name") + 1] == "rescind-prove-0123abcd"
    assert deploy[deploy.index("--tags") + 1] == "made-by=prove-on-aws"
    assert delete[1:4] == ["delete", "--stack-name", "rescind-prove-0123abcd"]


def test_without_a_yes_nothing_is_deployed(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "")

    assert program.main(["--region", "us-east-1"]) == Exit.INTERRUPTED

    assert recorded.commands == []


@pytest.mark.parametrize(
    ("arguments", "answers"),
    [
        pytest.param(["--keep", "--yes"], [], id="kept"),
        pytest.param([], ["y", "n"], id="not-to-be-deleted"),
    ],
)
def test_it_is_kept_if_that_is_said(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch, arguments: list[str], answers: list[str]
) -> None:
    answering(monkeypatch, *answers)

    program.main(["--region", "us-east-1", *arguments])

    assert recorded.verbs == ["deploy"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(CommandError("no answer", Exit.UNAVAILABLE), Exit.UNAVAILABLE, id="failed"),
        pytest.param(KeyboardInterrupt(), Exit.INTERRUPTED, id="stopped"),
    ],
)
def test_it_is_deleted_though_the_proof_did_not_end(
    recorded: Recorded, error: BaseException, code: Exit
) -> None:
    recorded.ends_with = error

    assert program.main(YES) == code

    assert recorded.verbs == ["deploy", "delete"]


def test_what_a_failed_deployment_has_left_is_deleted_and_said(
    recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded.codes["deploy"] = 1

    assert program.main(YES) == Exit.UNAVAILABLE

    assert recorded.proved == []
    assert recorded.verbs == ["deploy", "delete"]
    assert "sam delete --stack-name rescind-prove-0123abcd" in capsys.readouterr().err


def test_a_stack_that_could_not_be_deleted_is_named(
    recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded.codes["delete"] = 1

    assert program.main(YES) == Exit.UNAVAILABLE

    assert "`sam delete` of rescind-prove-0123abcd failed" in capsys.readouterr().err
