"""tests/journeys on the deployed stack: they change tables and keys, so only on one of this command's own."""

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from prove_on_aws.api import Api
from prove_on_aws.throwaway import ROOT
from rescind_cli.checks.findings import Finding, fault, not_checked, ok
from rescind_cli.stack import Stack

ACCOUNTS = {"demo": "", "admin": "admin introspect"}
"""Whom they log in as."""
_NAME = "journeys"
# Of in_pytest.py, which only pytest imports.
PASSWORD, RESULTS = "RESCIND_PROVE_PASSWORD", "RESCIND_PROVE_RESULTS"
_PATIENCE_SECONDS = 1800
_SHOWN = 20


def findings(stack: Stack, api: Api, *, on_its_own: bool) -> Iterator[Finding]:
    if not on_its_own:
        yield not_checked(
            _NAME, "they change tables and keys, so not on a stack that this command has not made"
        )
        return
    password = secrets.token_urlsafe(24)
    api.secrets.add(password)
    for username, scope in ACCOUNTS.items():
        stack.ask("createUser", repeat=False, username=username, password=password, scope=scope)
    with tempfile.TemporaryDirectory(prefix="journeys-") as folder:
        results = Path(folder) / "results.json"
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "prove_on_aws.in_pytest", "-m", "aws", "tests/journeys"],
            cwd=ROOT,
            env=_environment(stack, password, results),
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        if results.exists():
            yield from read(json.loads(results.read_text(encoding="utf-8")))
        else:
            yield fault(_NAME, f"pytest ended with {ended.returncode}", "What it printed is above.")


def _environment(stack: Stack, password: str, results: Path) -> dict[str, str]:
    """How the gateway `aws` of tests/journeys finds the stack, and what is in this process."""
    credentials = stack.session.get_credentials().get_frozen_credentials()
    given = {
        "PYTHONPATH": os.pathsep.join(str(ROOT / each) for each in (".", "tools", "layers/rescind")),
        "RESCIND_PROVE_STACK": stack.deployed_as,
        "RESCIND_PROVE_API": stack.api_url,
        PASSWORD: password,
        RESULTS: str(results),
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_SESSION_TOKEN": credentials.token or "",
        "AWS_DEFAULT_REGION": stack.session.region_name,
    }
    return {**os.environ, **{name: value for name, value in given.items() if value}}


def read(ended: Mapping[str, str]) -> Iterator[Finding]:
    """How each test ended, by its name."""
    failed = [test.rpartition("::")[2] for test, how in ended.items() if how == "failed"]
    passed = sum(how == "passed" for how in ended.values())
    if failed:
        said = f"{len(failed)} of {len(ended)} failed: {', '.join(failed[:_SHOWN])}"
        yield fault(_NAME, said, "What pytest printed is above.")
    elif passed:
        yield ok(_NAME, f"{passed} of tests/journeys have passed")
    else:
        yield not_checked(_NAME, "none was run")
