"""A stack of the proof's own: deployed by SAM from what was built, and deleted with what outlives a stack."""

import os
import secrets
import shlex
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from samtranslator.yaml_helper import yaml_parse

from rescind_cli.errors import CommandError, Exit
from rescind_cli.stack import Stack

ROOT = Path(__file__).parents[2]
BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"
SAM = ROOT / ".venv-sam" / "bin" / "sam"

MADE_HERE = "rescind-prove-"
# What the journeys rely on (tests/journeys/gateways.py), and what lets it be deleted.
PARAMETERS = {
    "Environment": "development",
    "AllowedOrigins": "https://app.example.com",
    "MaxSessionsPerUser": "5",
    "CanaryMinutes": "0",
}
OUR_PARAMETERS = {*PARAMETERS, "Architecture"}

_TAG = ("made-by", "prove-on-aws")
_LOG_GROUP, _LAYER = "AWS::Logs::LogGroup", "AWS::Lambda::LayerVersion"


def made_here(stack: Stack) -> bool:
    """By the tag, which only this command gives."""
    [found] = stack.session.client("cloudformation").describe_stacks(StackName=stack.deployed_as)["Stacks"]
    return _TAG in {(each["Key"], each["Value"]) for each in found.get("Tags", [])}


@dataclass(frozen=True)
class Throwaway:
    name: str
    region: str
    profile: str | None
    run: Callable[[list[str]], int]

    def deploy(self, parameters: Iterable[str]) -> None:
        """Takes some minutes.

        Raises:
            CommandError: it failed; SAM has said why.
        """
        ours = {**PARAMETERS, "Architecture": built_for(BUILT.read_text(encoding="utf-8"))}
        self._sam(
            "deploy",
            *("--template-file", str(BUILT), "--capabilities", "CAPABILITY_IAM", "--resolve-s3"),
            *("--no-confirm-changeset", "--no-progressbar", "--tags", "=".join(_TAG)),
            *("--parameter-overrides", *(f"{name}={value}" for name, value in ours.items()), *parameters),
            cure=f"`{self.command_to_delete()}` removes what there is of it.",
        )

    def delete(self) -> None:
        """With what the template has outlive a stack.

        Raises:
            CommandError: something of it is left.
        """
        session = boto3.Session(region_name=self.region, profile_name=self.profile)
        outliving = self._outliving(session)
        self._sam("delete", "--no-prompts", cure=f"Give it again: `{self.command_to_delete()}`.")
        for kind, name in outliving:
            try:
                _delete(session, kind, name)
            except (BotoCoreError, ClientError) as error:
                raise CommandError(f"{name} is left: {error}.", Exit.UNAVAILABLE, "Delete it.") from error

    def kept(self) -> Iterator[str]:
        """What to do with it, when it is not to be deleted now."""
        yield f"{self.name} is kept. To delete it: {self.command_to_delete()}"
        for _, name in self._outliving(boto3.Session(region_name=self.region, profile_name=self.profile)):
            yield f"That leaves {name}, to be deleted after it."

    def command_to_delete(self) -> str:
        return shlex.join(["sam", "delete", *self._where()])

    def _outliving(self, session: boto3.Session) -> list[tuple[str, str]]:
        """Type and name of each; nothing where there is no stack, as SAM says, too."""
        found = session.client("cloudformation").get_paginator("list_stack_resources")
        with suppress(BotoCoreError, ClientError):
            return [
                (each["ResourceType"], each["PhysicalResourceId"])
                for page in found.paginate(StackName=self.name)
                for each in page["StackResourceSummaries"]
                if each["ResourceType"] in {_LOG_GROUP, _LAYER} and "PhysicalResourceId" in each
            ]
        return []

    def _sam(self, verb: str, *arguments: str, cure: str) -> None:
        if self.run([str(SAM), verb, *self._where(), *arguments]) != 0:
            raise CommandError(f"`sam {verb}` of {self.name} failed.", Exit.UNAVAILABLE, cure)

    def _where(self) -> list[str]:
        """By names that are nobody else's.

        Without a prefix, its objects in S3 would be those of every stack of the same build, and be deleted
        from under them. The environment is one that no samconfig.toml has: `sam delete` takes bucket and
        prefix from there, and deletes all that is below.
        """
        where = ["--stack-name", self.name, "--s3-prefix", self.name, "--config-env", self.name]
        where += ["--region", self.region]
        return where + (["--profile", self.profile] if self.profile else [])


def _delete(session: boto3.Session, kind: str, name: str) -> None:
    if kind == _LAYER:
        layer, _, version = name.rpartition(":")  # No error, when it is not there.
        session.client("lambda").delete_layer_version(LayerName=layer, VersionNumber=int(version))
        return
    logs = session.client("logs")
    with suppress(logs.exceptions.ResourceNotFoundException):  # A stack that failed takes it along.
        logs.delete_log_group(logGroupName=name)


def built_for(template: str) -> str:
    """The architecture of the layer, by what `sam build` has written: the functions must get the same."""
    return str(yaml_parse(template)["Resources"]["Layer"]["Metadata"]["BuildArchitecture"])


def new_throwaway(*, region: str, profile: str | None) -> Throwaway:
    """Under a name that nobody has.

    Raises:
        CommandError: nothing has been built.
    """
    for needed in (BUILT, SAM):
        if not needed.exists():
            raise CommandError(
                f"There is no {needed.relative_to(ROOT)}.", Exit.UNAVAILABLE, "Run `make build`."
            )
    return Throwaway(f"{MADE_HERE}{secrets.token_hex(4)}", region, profile, run_here)


def run_here(command: list[str]) -> int:
    """Its output is for who waits."""
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603 - SAM CLI
