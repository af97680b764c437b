"""Lambda's runtime, awslambdaric, in which a restore from a snapshot is a copy of the process.

Argument: a JSON object; `Plan` says of what.
"""

import json
import os
import random
import sys
import time
from dataclasses import dataclass

import snapshot_restore_py
from awslambdaric import bootstrap
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient

from tests.snapstart.copies import copied, told_by_a_copy


@dataclass(frozen=True)
class Plan:
    copies: int = 1
    """How many sandboxes are restored."""
    clock_ahead: float = 0
    """Of the machine's clock, at the snapshot."""
    clock_ahead_when_restored: float = 0
    broken: str = ""
    """What does not work: "package", "before" the snapshot, or "after" a restore."""
    hooks: bool = True


def main() -> None:
    plan = Plan(**json.loads(sys.argv[1]))
    told_by_a_copy(lambda: run(plan))


def run(plan: Plan) -> None:
    client = _Client(os.environ["AWS_LAMBDA_RUNTIME_API"], plan)
    _interfere(plan)
    _move_clock(plan.clock_ahead)
    bootstrap.run("app.handler", client)


def _interfere(plan: Plan) -> None:
    missing = {"package": "snapshot_restore_py", "before": "rescind.sdk"}.get(plan.broken)
    if missing:
        sys.modules[missing] = None  # type: ignore[assignment] # so that it cannot be imported
    if plan.broken == "after":
        random.seed = None  # type: ignore[assignment] # so that it cannot be called
    if not plan.hooks:
        snapshot_restore_py.register_before_snapshot = lambda *_: None
        snapshot_restore_py.register_after_restore = lambda *_: None


class _Client(LambdaRuntimeClient):  # type: ignore[misc] # it is published without types
    def __init__(self, address: str, plan: Plan) -> None:
        super().__init__(address)
        self._plan = plan

    def restore_next(self) -> None:
        super().restore_next()
        begun = []
        for _ in range(self._plan.copies):
            pid = copied()
            if pid == 0:
                _move_clock(self._plan.clock_ahead_when_restored - self._plan.clock_ahead)
                return
            begun.append(pid)
        ended = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in begun]
        os._exit(max(ended))


def _move_clock(seconds: float) -> None:
    tell = time.time
    time.time = lambda: tell() + seconds


if __name__ == "__main__":
    main()
