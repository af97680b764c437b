"""The stack of the proof's own: made only after a yes, in development, and deleted whatever came of it."""

import tomllib
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from prove_on_aws import __main__ as program
from prove_on_aws import throwaway
from prove_on_aws.throwaway import ROOT, Throwaway, built_for
from rescind_cli.errors import CommandError, Exit

YES = ["--region", "us-east-1", "--yes"]
NAME = "rescind-prove-0123abcd"
LAYER = f"arn:aws:lambda:us-east-1:123456789012:layer:{NAME}-rescind"


# As `sam build` writes it: the layer has what it was built for, the functions have a parameter.
BUILT = """
Parameters: {{Architecture: {{Type: String, Default: x86_64}}}}
Resources:
  Layer:
    Type: AWS::Serverless::LayerVersion
    Metadata: {{BuildArchitecture: {}}}
    Properties: {{CompatibleArchitectures: [!Ref Architecture]}}
"""


class Recorded:
    """In place of SAM CLI and of the proof."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.proved: list[str] = []
        self.codes = {"deploy": 0, "delete": 0}
        self.ends_with: BaseException | None = None
        self.deleted: list[tuple[str, int, int]] = []
        """Beside what SAM deletes: name, version, and how many commands SAM had been given before."""
        self.is_there = True
        self.is_known = True
        self.region_name = "us-east-1"
        self.refused = ""

    def client(self, service: str) -> Any:
        """In place of boto3's, of those four services."""
        gone = type("ResourceNotFoundException", (ClientError,), {})
        made = {
            "sts": SimpleNamespace(get_caller_identity=self._who),
            "cloudformation": SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=self._pages)),
            "lambda": SimpleNamespace(delete_layer_version=self._delete_layer_version),
            "logs": SimpleNamespace(
                delete_log_group=lambda logGroupName: self._delete(logGroupName, 0),  # noqa: N803 - boto3's name
                exceptions=SimpleNamespace(ResourceNotFoundException=gone),
            ),
        }
        return made[service]

    def _who(self) -> None:
        if not self.is_known:
            raise NoCredentialsError

    def _pages(self, *, StackName: str) -> list[dict[str, Any]]:  # noqa: N803 - boto3's name
        if not self.is_there:
            raise ClientError({"Error": {"Code": "ValidationError"}}, "ListStackResources")
        assert StackName == NAME
        resources = [
            ("AWS::Lambda::Function", "login"),
            ("AWS::Lambda::LayerVersion", f"{LAYER}:4"),
            ("AWS::Logs::LogGroup", "its-log"),
        ]
        return [
            {"StackResourceSummaries": [{"ResourceType": kind, "PhysicalResourceId": name}]}
            for kind, name in resources
        ]

    def _delete_layer_version(self, LayerName: str, VersionNumber: int) -> None:  # noqa: N803 - boto3's names
        self._delete(LayerName, VersionNumber)

    def _delete(self, name: str, version: int) -> None:
        if name == self.refused:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "Delete")
        self.deleted.append((name, version, len(self.commands)))

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
def recorded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Recorded:
    recorded = Recorded()
    made = Throwaway(NAME, "us-east-1", "sandbox", recorded.run)
    built = tmp_path / "template.yaml"
    built.write_text(BUILT.format("arm64"))
    monkeypatch.setattr(throwaway, "BUILT", built)
    for module in (throwaway, program):
        monkeypatch.setattr(module, "boto3", SimpleNamespace(Session=lambda **_: recorded))
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
    assert recorded.proved == [NAME]
    deploy, delete = recorded.commands
    assert {"Environment=development", "AllowedOrigins=https://app.example.com"} <= set(deploy)
    assert "RevocationDelaySeconds=10" in deploy
    assert deploy[deploy.index("--stack-name") + 1] == NAME
    assert deploy[deploy.index("--tags") + 1] == "made-by=prove-on-aws"
    assert delete[1:4] == ["delete", "--stack-name", NAME]


def test_its_objects_in_s3_are_no_other_stacks_and_no_samconfig_says_what_is_deleted(
    recorded: Recorded,
) -> None:
    program.main(YES)

    for command in recorded.commands:
        given = dict(pairwise(command))
        assert given["--s3-prefix"] == NAME, command[1]
        assert given["--config-env"] == NAME, command[1]
        assert "--s3-bucket" not in command
    assert NAME not in tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))


def test_its_functions_are_deployed_to_what_the_layer_was_built_for(recorded: Recorded) -> None:
    program.main(YES)

    assert "Architecture=arm64" in recorded.commands[0]
    assert built_for(BUILT.format("x86_64")) == "x86_64"


def test_what_outlives_a_stack_is_deleted_after_it(recorded: Recorded) -> None:
    program.main(YES)

    assert recorded.verbs == ["deploy", "delete"]
    assert recorded.deleted == [(LAYER, 4, 2), ("its-log", 0, 2)]


def test_what_of_it_could_not_be_deleted_is_named(
    recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded.refused = "its-log"

    assert program.main(YES) == Exit.UNAVAILABLE

    assert "its-log is left" in capsys.readouterr().err


def test_of_a_stack_that_was_never_made_only_sam_is_asked(recorded: Recorded) -> None:
    recorded.codes["deploy"], recorded.is_there = 1, False

    program.main(YES)

    assert recorded.verbs == ["deploy", "delete"]
    assert recorded.deleted == []


def test_without_credentials_nothing_is_deployed(
    recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded.is_known = False

    assert program.main(YES) == Exit.NO_ACCESS

    assert "There are no AWS credentials to use" in capsys.readouterr().err
    assert recorded.commands == []


def test_without_a_region_nothing_is_asked(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    recorded.region_name = ""

    assert program.main(["--yes"]) == Exit.NO_ACCESS

    assert "Say --region" in capsys.readouterr().err
    assert recorded.commands == []


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
def test_it_is_kept_if_that_is_said_with_what_deletes_all_of_it(
    recorded: Recorded,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    answers: list[str],
) -> None:
    answering(monkeypatch, *answers)

    program.main(["--region", "us-east-1", *arguments])

    assert recorded.verbs == ["deploy"]
    assert recorded.deleted == []
    said = capsys.readouterr().out
    where = f"--stack-name {NAME} --s3-prefix {NAME} --config-env {NAME} --region us-east-1 --profile sandbox"
    for told in (f"sam delete {where}", "its-log", f"{LAYER}:4"):
        assert told in said


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
