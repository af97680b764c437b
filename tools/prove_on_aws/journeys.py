"""tests/journeys on the deployed stack: they change tables and keys, so only on one of this command's own."""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from defusedxml.ElementTree import fromstring

from prove_on_aws.api import Api
from prove_on_aws.throwaway import ROOT
from rescind_cli.checks.findings import Finding, fault, not_checked, ok
from rescind_cli.stack import Stack

ACCOUNTS = {"demo": "", "admin": "admin introspect"}
"""Whom they log in as."""
_NAME = "journeys"
_PATIENCE_SECONDS = 1800
_SHOWN = 20


def findings(stack: Stack, api: Api, *, on_its_own: bool) -> Iterator[Finding]:
    """How they ended.

    Raises:
        CommandError: the accounts could not be made.
        TimeoutExpired: they have not ended in half an hour.
    """
    if not on_its_own:
        why = "they change tables and keys, so not on a stack that this command has not made"
        yield not_checked(_NAME, why)
        return
    password = secrets.token_urlsafe(24)
    api.secrets.add(password)
    for username, scope in ACCOUNTS.items():
        stack.ask("createUser", repeat=False, username=username, password=password, scope=scope)
    with tempfile.TemporaryDirectory(prefix="journeys-") as folder:
        results = Path(folder) / "results.xml"
        ended = subprocess.run(  # noqa: S603 - pytest of this environment
            [sys.executable, "-m", "pytest", "-m", "aws", f"--junitxml={results}", "tests/journeys"],
            cwd=ROOT,
            env=_environment(stack, password),
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        if results.exists():
            yield read(results.read_text(encoding="utf-8"))
        else:
            yield fault(_NAME, f"pytest ended with {ended.returncode}", "What it printed is above.")


def _environment(stack: Stack, password: str) -> dict[str, str]:
    """What tests/journeys/aws.py, tests/things.py and boto3 read: stack, password, credentials."""
    credentials = stack.session.get_credentials().get_frozen_credentials()
    given = {
        "PYTHONPATH": os.pathsep.join(str(ROOT / each) for each in (".", "tools", "layers/rescind")),
        "RESCIND_PROVE_STACK": stack.deployed_as,
        "RESCIND_PROVE_API": stack.api_url,
        "RESCIND_PROVE_PASSWORD": password,
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_SESSION_TOKEN": credentials.token or "",
        "AWS_DEFAULT_REGION": stack.session.region_name,
    }
    # A token that is not of these credentials would go with them.
    own = {name: value for name, value in os.environ.items() if name != "AWS_SESSION_TOKEN"}
    return {**own, **{name: value for name, value in given.items() if value}}


def read(junit: str) -> Finding:
    """What pytest has written of each test."""
    tests = fromstring(junit).iter("testcase")
    ends = [(test.attrib["name"], {each.tag for each in test}) for test in tests]
    failed = [name for name, how in ends if how & {"failure", "error"}]
    passed = sum(not how & {"failure", "error", "skipped"} for _, how in ends)
    if failed:
        said = f"{len(failed)} of {len(ends)} failed: {', '.join(failed[:_SHOWN])}"
        return fault(_NAME, said, "What pytest printed is above.")
    if passed:
        return ok(_NAME, f"{passed} of tests/journeys have passed")
    return not_checked(_NAME, "none was run")
