"""A stack of the proof's own: deployed by SAM from what was built, and deleted again."""

import os
import secrets
import subprocess
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from prove_on_aws.options import MADE_HERE
from rescind_cli.errors import CommandError, Exit
from rescind_cli.stack import Stack

ROOT = Path(__file__).parents[2]
BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"
SAM = ROOT / ".venv-sam" / "bin" / "sam"

# What the journeys rely on (tests/journeys/gateways.py), and what lets it be deleted.
PARAMETERS = {
    "Environment": "development",
    "AllowedOrigins": "https://app.example.com",
    "MaxSessionsPerUser": "5",
    "CanaryMinutes": "0",
}


_TAG = ("made-by", "prove-on-aws")


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
        given = [f"{name}={value}" for name, value in PARAMETERS.items()] + list(parameters)
        self._sam(
            "deploy",
            *("--template-file", str(BUILT), "--capabilities", "CAPABILITY_IAM", "--resolve-s3"),
            *("--no-confirm-changeset", "--no-progressbar", "--tags", "=".join(_TAG)),
            *("--parameter-overrides", *given),
            cure=f"`{self._command('delete')}` removes what there is of it.",
        )

    def delete(self) -> None:
        """With its log group, which outlives a stack.

        Raises:
            CommandError: something of it is left.
        """
        session = boto3.Session(region_name=self.region, profile_name=self.profile)
        group = self._log_group(session)
        self._sam("delete", "--no-prompts", cure=f"Give it again: `{self._command('delete')}`.")
        if group:
            logs = session.client("logs")
            with suppress(logs.exceptions.ResourceNotFoundException):  # A stack that failed takes it along.
                logs.delete_log_group(logGroupName=group)

    def _log_group(self, session: boto3.Session) -> str:
        try:
            [found] = session.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        except (BotoCoreError, ClientError):
            return ""  # It was never made; SAM says so, too.
        outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
        return str(outputs.get("LogGroupName", ""))

    def _sam(self, verb: str, *arguments: str, cure: str) -> None:
        where = ["--stack-name", self.name, "--region", self.region]
        where += ["--profile", self.profile] if self.profile else []
        if self.run([str(SAM), verb, *where, *arguments]) != 0:
            raise CommandError(f"`sam {verb}` of {self.name} failed.", Exit.UNAVAILABLE, cure)

    def _command(self, verb: str) -> str:
        return f"sam {verb} --stack-name {self.name} --region {self.region}"


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
