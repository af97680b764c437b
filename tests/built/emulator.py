"""Starts a function as Lambda does, under its Runtime Interface Emulator, and asks it once.

The function has what it has in Lambda: its artefact, the layer, Lambda's Python and Lambda's client.
"""

import contextlib
import http.client
import json
import os
import platform
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.built.builds import THIS_MACHINE
from tests.requests import Call
from tests.sandbox import timeout_of
from tests.what_was_built import LAMBDA_PYTHON

_PATIENCE_SECONDS = 30
_INVOCATIONS = "/2015-03-31/functions/function/invocations"
_OF_THE_RUNTIME = ("awslambdaric", "simplejson", "snapshot_restore_py.py", "runtime_client.*.so")


@dataclass(frozen=True)
class ColdStart:
    answer: Any
    init_ms: float
    """Until the handler is imported, the start of Python included."""
    invoke_ms: float
    """Of the first answer, after that."""


@dataclass(frozen=True)
class Emulator:
    program: Path
    runtime: Path
    """What Lambda has at /var/runtime, without its boto3: the layer ships one."""
    python: Path = LAMBDA_PYTHON

    def cold_start(
        self, call: Call, *, task: Path, layer: Path, environment: Mapping[str, str], log: Path
    ) -> ColdStart:
        """The answer of a new sandbox. What it says goes to `log`."""
        with self._running(call.function, task, layer, environment, log) as port:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
            with contextlib.closing(connection):
                connection.request("POST", _INVOCATIONS, json.dumps(call.event))
                answer = json.load(connection.getresponse())
        said = log.read_text(encoding="utf-8", errors="replace")
        init = re.search(r"INIT REPORT\(durationMs: ([\d.]+)", said)
        invoke = re.search(r"INVOKE RTDONE\(status: success,.* duration: ([\d.]+)ms", said)
        assert init, said
        assert invoke, said
        return ColdStart(answer, float(init[1]), float(invoke[1]))

    @contextmanager
    def _running(
        self, function: str, task: Path, layer: Path, environment: Mapping[str, str], log: Path
    ) -> Iterator[int]:
        port, runtime_port = _free_ports()
        command: list[str | Path] = [
            self.program,
            *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
            *("--runtime-api-address", f"127.0.0.1:{runtime_port}"),
            *("--log-level", "info"),
            # Without the packages of its environment.
            *(self.python, "-S", "-m", "awslambdaric", "app.handler"),
        ]
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - the emulator, of SAM CLI's package
                command,
                cwd=task,
                env=self._environment(function, task, layer, environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # So that the function ends with it.
            )
        try:
            _wait_for(port, process, log)
            yield port
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _environment(
        self, function: str, task: Path, layer: Path, environment: Mapping[str, str]
    ) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_LAMBDA_FUNCTION_NAME": function,
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_of(function)),
            "HOME": "/nonexistent",
            "PATH": os.defpath,
            "PYTHONPATH": os.pathsep.join(map(str, (task, layer, self.runtime))),
            "PYTHONDONTWRITEBYTECODE": "1",  # It could not, in Lambda.
            **environment,
        }


def emulator_of(sam: Path, runtime: Path) -> Emulator:
    """The one in SAM CLI's package, or the test is skipped; `runtime` is an empty folder."""
    name = f"aws-lambda-rie-{THIS_MACHINE}"
    programs = list(sam.parents[1].glob(f"lib/python*/site-packages/samcli/local/rapid/{name}"))
    if platform.system() != "Linux" or not programs:
        pytest.skip(f"No function is started: Lambda's emulator ({name} of SAM CLI) is not for this machine.")
    [packages] = LAMBDA_PYTHON.parents[1].glob("lib/python*/site-packages")
    for pattern in _OF_THE_RUNTIME:
        for path in packages.glob(pattern):
            (runtime / path.name).symlink_to(path)
    return Emulator(programs[0], runtime)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.01)
    pytest.fail(f"The emulator did not start: {log.read_text(encoding='utf-8', errors='replace')}")
