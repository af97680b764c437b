"""What sandboxes share that are restored from one snapshot, and that nothing which counts is among it."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.deployment import environment_of

ROOT = Path(__file__).parents[2]
NOBODY = "http://127.0.0.1:9"

pytestmark = pytest.mark.usefixtures("copies")


@cache
def lives() -> dict[str, Any]:
    path = [str(ROOT), str(ROOT / "layers" / "rescind"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **environment_of("key"),
        "PYTHONPATH": os.pathsep.join(path),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": NOBODY,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
    }
    finished = subprocess.run(
        [sys.executable, "-m", "tests.snapstart.snapshotted", "authorizer", "login"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    told: dict[str, Any] = json.loads(finished.stdout)
    return told


def life_of(function: str) -> Any:
    return lives()[function]


both = pytest.mark.parametrize("function", ["authorizer", "login"])


@both
def test_a_snapshot_holds_no_client_no_key_no_credentials_and_no_connection(function: str) -> None:
    assert life_of(function)["held"] == {"built": [], "types": [], "sockets": [], "metrics": []}


@both
def test_two_restored_sandboxes_draw_nothing_alike(function: str) -> None:
    one, other = life_of(function)["restored"]

    assert {name for name in one if one[name] == other[name]} == set()


@both
def test_the_first_request_after_a_restore_loads_nothing_more(function: str) -> None:
    assert life_of(function)["loaded_late"] == []


def test_without_the_hook_they_would_pause_alike_and_begin_their_connections_alike() -> None:
    one, other = life_of("login")["restored_without_hook"]

    assert {name for name in one if one[name] == other[name]} == {"pause", "tls"}
