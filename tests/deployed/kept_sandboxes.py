"""What runs in the emulator's process: ministack, with sandboxes that outlive an exception, as Lambda's do.

To ministack a function that raises has crashed. An authorizer says 401 by raising, so each refusal would cost a
cold start.
"""

# ruff: noqa: SLF001 - there is no other way in

import importlib
import threading
from typing import Any

from rescind_local.deploy import emulator_process


class _Held(threading.local):
    processes: list[Any] | None = None
    """Whom an invocation would end, as long as it runs."""


def keep_sandboxes(runtime: Any) -> None:
    """Let `ministack.core.lambda_runtime` end a sandbox that has failed, and none whose function has raised."""
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


def main() -> None:
    keep_sandboxes(importlib.import_module("ministack.core.lambda_runtime"))
    emulator_process.main()
