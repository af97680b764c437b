"""What runs in the emulator's process: ministack, with sandboxes that cost about as much as Lambda's.

They outlive an exception, and share the files of a layer. To ministack a function that raises has crashed: as
an authorizer says 401 by raising, each refusal would be a cold start. And each start would unpack the layer.
"""

# ruff: noqa: SLF001 - there is no other way in

import hashlib
import importlib
import tempfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rescind_local.deploy import emulator_process


class _Held(threading.local):
    processes: list[Any] | None = None
    """Whom an invocation would end, as long as it runs."""


def keep_sandboxes(runtime: Any) -> None:
    """Let `ministack.core.lambda_runtime` end a sandbox that failed, and none whose function raised."""
    invoke, signal, collect = runtime.Worker.invoke, runtime._signal, runtime._collect
    held = _Held()

    def invoked(worker: Any, *given: Any, **named: Any) -> Any:
        held.processes = []
        try:
            answer = invoke(worker, *given, **named)
        finally:
            processes, held.processes = held.processes, None
        for process in processes:
            if (
                "trace" in answer
            ):  # It is the function's own, so it has answered, and waits for the next event.
                worker._proc = process
            else:
                signal(process)
                collect(process, 0)
        return answer

    def signalled(process: Any) -> None:
        if held.processes is None:
            signal(process)
        elif process is not None:
            held.processes.append(process)

    def collected(process: Any, deadline: float) -> None:
        if held.processes is None:
            collect(process, deadline)

    runtime.Worker.invoke, runtime._signal, runtime._collect = invoked, signalled, collected


class _Unpacked(zipfile.ZipFile):
    """A large archive is unpacked once; who wants it again has links to it."""

    lock = threading.Lock()

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        files = [(each.filename, each.CRC) for each in self.infolist()]
        if path is None or len(files) < _MANY:
            super().extractall(path, members, pwd)
            return
        name = f"unpacked-{hashlib.sha256(repr(files).encode()).hexdigest()}"
        shared = Path(tempfile.gettempdir()) / name
        with self.lock:
            if not shared.exists():
                super().extractall(shared, members, pwd)
        for each in shared.iterdir():
            (Path(path) / each.name).symlink_to(each)


_MANY = 100


def share_layers(runtime: Any) -> None:
    runtime.zipfile = SimpleNamespace(**{**vars(zipfile), "ZipFile": _Unpacked})


def main() -> None:
    runtime = importlib.import_module("ministack.core.lambda_runtime")
    keep_sandboxes(runtime)
    share_layers(runtime)
    emulator_process.main()
