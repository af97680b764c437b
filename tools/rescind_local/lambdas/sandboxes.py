"""Calls functions in sandbox processes: each takes one event at a time, more of them take more at once."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rescind_local.errors import FunctionFailedError
from rescind_local.lambdas.sources import Sources, Version

_AT_ONCE = 16  # for each function; further events wait
_LONGEST_LINE = 1 << 27  # a 10 MB body can be six times as long in JSON
_TOOLS = str(Path(__file__).parents[2])


class ForkServer:
    """The warm process; see `fork_server.py`."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - this very Python
                [
                    sys.executable,
                    "-c",
                    "from rescind_local.lambdas.fork_server import main; main()",
                    str(theirs.fileno()),
                ],
                env={
                    **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
                    "PYTHONPATH": os.pathsep.join(filter(None, [_TOOLS, os.environ.get("PYTHONPATH")])),
                },
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C in the terminal is the gateway's to handle.
            )

    def fork(self) -> socket.socket:
        """The channel to a new sandbox."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._control, [b"+"], [theirs.fileno()])
        return ours

    def close(self) -> None:
        """Ends it and every sandbox."""
        self._control.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Sandbox:
    """One process; `version` is of the sources that it has loaded."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, version: Version) -> None:
        self.version = version
        self._reader = reader
        self._writer = writer

    async def call(self, event: Any, request_id: str, *, quiet: bool) -> dict[str, Any]:
        """Its answer or its error; an empty one when the process has ended instead."""
        call = {"event": event, "request_id": request_id, "quiet": quiet}
        self._writer.write(json.dumps(call).encode() + b"\n")
        line = await self._reader.readline()
        answer: dict[str, Any] = json.loads(line) if line else {}
        return answer

    def close(self) -> None:
        self._writer.close()


class Pool:
    """The sandboxes of one function. `spec` is what `sandbox.py` reads first."""

    def __init__(self, spec: Mapping[str, Any], sources: Sources, fork: Callable[[], socket.socket]) -> None:
        self._spec = spec
        self._sources = sources
        self._fork = fork
        self._idle: list[Sandbox] = []
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def invoke(self, event: Any, *, quiet: bool = False) -> Any:
        """The function's answer; raises `FunctionFailedError`."""
        request_id = str(uuid.uuid4())
        async with self._turns:
            sandbox = await self._ready()
            started = time.monotonic()
            answer: dict[str, Any] = {}
            try:
                answer = await sandbox.call(event, request_id, quiet=quiet)
            except ConnectionError:
                pass  # It ended before it had read the event: there is no answer, either.
            finally:
                if answer:
                    self._idle.append(sandbox)
                else:
                    sandbox.close()
        if "error" in answer:
            error = answer["error"]
            raise FunctionFailedError(error["errorType"], error["errorMessage"], error["trace"])
        if not answer:
            raise self._ended(request_id, time.monotonic() - started)
        return answer["answer"]

    def _ended(self, request_id: str, seconds: float) -> FunctionFailedError:
        limit = self._spec["timeout_seconds"]
        if seconds >= limit:
            message = f"RequestId: {request_id} Error: Task timed out after {limit:.2f} seconds"
            return FunctionFailedError("Sandbox.Timedout", message, f"{message}\n")
        message = f"RequestId: {request_id} Error: Runtime exited without providing a reason"
        return FunctionFailedError("Runtime.ExitError", message, f"{message}\n")

    async def _ready(self) -> Sandbox:
        version = self._sources.version()
        while self._idle:
            sandbox = self._idle.pop()
            if sandbox.version == version:
                return sandbox
            sandbox.close()
        reader, writer = await asyncio.open_unix_connection(sock=self._fork(), limit=_LONGEST_LINE)
        writer.write(json.dumps(self._spec).encode() + b"\n")
        return Sandbox(reader, writer, version)
