"""Deploys what `make build` has built onto an emulator of AWS, by SAM CLI, and says what is where."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from samtranslator.yaml_helper import yaml_parse

from rescind_local.deploy.emulator import running_emulator
from tests.deployed import mends
from tests.what_was_built import BUILD, LAMBDA_PYTHON, ROOT, SAM

_PROGRAM = f"import sys; sys.path.append({str(ROOT)!r}); from tests.deployed.sandboxes import main; main()"
_PATIENCE_SECONDS = 120
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}

Say = Callable[[str], None]


class DeployError(Exception):
    """A command failed; the message is what it said, or what is missing for it."""


@dataclass(frozen=True)
class Cloud:
    """An emulated AWS, and how commands are given there."""

    endpoint: str
    """Of all its services, and of the APIs that are deployed to it."""
    folder: Path
    say: Say

    def stack(self, name: str) -> "DeployedStack":
        """One that may be there, or is yet to be deployed."""
        return DeployedStack(name, self)

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=_CREDENTIALS["AWS_DEFAULT_REGION"],
            aws_access_key_id=_CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    def run(self, command: list[str], *, typed: str = "", codes: Collection[int] = (0,)) -> str:
        """Run a command that knows of no other AWS than this one.

        Raises:
            DeployError: its exit code is none of `codes`.
        """
        ended = subprocess.run(  # noqa: S603 - SAM CLI, and our own command
            command,
            cwd=ROOT,
            env=self._environment(),
            input=typed,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        if ended.returncode not in codes:
            raise DeployError(f"{command[:4]} ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
        return ended.stdout

    def _environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {
            **own,
            **_CREDENTIALS,
            "AWS_ENDPOINT_URL": self.endpoint,
            "HOME": str(self.folder),  # Where SAM CLI writes what it remembers.
            "PYTHONPATH": str(ROOT / "tools"),
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_POLL_DELAY": "0.5",
            "COLUMNS": "200",
        }


@dataclass(frozen=True)
class DeployedStack:
    name: str
    cloud: Cloud
    left_out: set[str] = field(default_factory=set)
    """What was done by hand because the emulator had not done it: names of `mends`."""

    def deploy(self, *, build: Path = BUILD, parameters: Mapping[str, object] | None = None) -> None:
        """Create the stack, or update it, as `sam deploy` does with our samconfig.toml."""
        began = time.monotonic()
        written = self.cloud.folder / f"{self.name}.json"
        written.write_text(json.dumps(_deployable(build)), encoding="utf-8")
        command = [str(SAM), "deploy", "--stack-name", self.name, "--template-file", str(written)]
        command += ["--config-file", str(ROOT / "samconfig.toml")]
        command += ["--no-confirm-changeset", "--no-fail-on-empty-changeset"]
        if parameters:
            command += ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]
        self.cloud.run(command)
        self.left_out.update(mends.complete(self.cloud.client, self.processed(), self.resources()))
        self.cloud.say(f"{self.name}: deployed in {time.monotonic() - began:.1f} s")

    def rescind(self, *arguments: str, typed: str = "", codes: Collection[int] = (0,)) -> str:
        """Give the operator's command; what it printed."""
        command = [sys.executable, "-m", "rescind_cli", "--stack", self.name, *arguments]
        return self.cloud.run(command, typed=typed, codes=codes)

    def resources(self) -> dict[str, str]:
        """Physical ids by logical ones."""
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in self._summaries()}

    def resources_of(self, *types: str) -> dict[str, str]:
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in self._summaries()
            if each["ResourceType"] in types
        }

    def _summaries(self) -> list[dict[str, str]]:
        pages = self.cloud.client("cloudformation").get_paginator("list_stack_resources")
        return [
            each for page in pages.paginate(StackName=self.name) for each in page["StackResourceSummaries"]
        ]

    def processed(self) -> dict[str, Any]:
        """The resources, as SAM has translated them."""
        found = self.cloud.client("cloudformation").get_template(
            StackName=self.name, TemplateStage="Processed"
        )
        body = found["TemplateBody"]
        return dict((json.loads(body) if isinstance(body, str) else body)["Resources"])

    def outputs(self) -> dict[str, str]:
        [stack] = self.cloud.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    def log(self, logical_id: str) -> list[dict[str, Any]]:
        """The lines that a function has written so far; metrics are none."""
        name = self.resources()[logical_id]
        function = self.cloud.client("lambda").get_function_configuration(FunctionName=name)
        group = function.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
        pages = self.cloud.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        messages = [event["message"] for page in pages for event in page["events"]]
        lines = [json.loads(message) for message in messages if message.startswith("{")]
        return [line for line in lines if "message" in line]


def _deployable(build: Path) -> dict[str, Any]:
    """The built template, with where things are, and without what the emulator cannot create."""
    template: dict[str, Any] = yaml_parse((build / "template.yaml").read_text(encoding="utf-8"))
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for name in {"CodeUri", "ContentUri"} & properties.keys():
            properties[name] = str(build / properties[name])
    mends.without_metric_math(template)
    mends.with_settings_as_text(template)
    return template


@contextmanager
def emulated_aws(say: Say) -> Iterator[Cloud]:
    """An AWS that runs functions in Lambda's Python.

    Raises:
        DeployError: something has not been made yet; the message says by which command it is.
    """
    for needed, cure in (
        (BUILD / "template.yaml", "make build"),
        (SAM, "make build"),
        (LAMBDA_PYTHON, "make sam"),
    ):
        if not needed.exists():
            raise DeployError(f"There is no {needed.relative_to(ROOT)}: run {cure}.")
    with (
        running_emulator(str(LAMBDA_PYTHON), _PROGRAM) as emulator,
        tempfile.TemporaryDirectory(prefix="deployed-") as folder,
    ):
        emulator.wait()
        yield Cloud(emulator.endpoint, Path(folder), say)
