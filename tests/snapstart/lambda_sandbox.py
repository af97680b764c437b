"""Starts a function that `sam build` has made, under Lambda's runtime and a test's Runtime API."""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.snapstart.runtime_api import RuntimeApi, running_runtime_api
from tests.template import NAMES
from tests.what_was_built import BUILD, LAMBDA_PYTHON, ROOT


@dataclass
class LambdaSandbox:
    api: RuntimeApi
    began: float
    process: subprocess.Popen[bytes]
    log: Path

    def of_the_restored(self, *events: dict[str, Any]) -> list[Any]:
        """What as many sandboxes answer, one each, as soon as they are restored."""
        self.api.wait_for("restore/next")
        self.api.restore()
        self.api.wait_for("next", times=len(events))
        return self.api.answers_to(*events)

    def ends_with(self) -> int:
        return self.process.wait(timeout=30)


@contextmanager
def started(
    function: str, log: Path, *, environment: Mapping[str, str], snap_start: bool = True, **plan: Any
) -> Iterator[LambdaSandbox]:
    """`plan` is that of runtime.py. Leaving the context ends the process, and so its copies."""
    folder = BUILD / NAMES[function]
    assert folder.is_dir(), f"There is no {folder.name}: `make build` makes it."
    with running_runtime_api() as api, log.open("wb") as output:
        api.clock_ahead = plan.get("clock_ahead_when_restored", 0)
        began = time.monotonic()
        process = subprocess.Popen(  # noqa: S603 - our own program
            [LAMBDA_PYTHON, "-m", "tests.snapstart.runtime", json.dumps(plan)],
            cwd=folder,
            env={
                **environment,
                "PATH": os.environ["PATH"],
                "PYTHONPATH": os.pathsep.join(map(str, [folder, BUILD / "Layer" / "python", ROOT])),
                "AWS_LAMBDA_RUNTIME_API": api.address,
                "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start" if snap_start else "on-demand",
            },
            stdout=output,
            stderr=output,
        )
        try:
            yield LambdaSandbox(api, began, process, log)
        finally:
            api.end()  # Who waits for an event is told that there will be none, and ends.
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
