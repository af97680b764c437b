"""Runs one contender in a process of its own: as often as it is told, on the clock.

Told by lines on stdin: first what the contender is asked, as JSON, then how often. It answers on stdout.
A contender is a module with `prepare(asked)`, which makes a function that says whether a token is let in. It
must let the live one in, and the revoked one not, before it is measured.
"""

import asyncio
import importlib
import inspect
import json
import os
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any, TextIO

Decide = Callable[[Any], bool | Coroutine[Any, Any, bool]]


def main(contender: str) -> None:
    told, answers = sys.stdin, _stdout_to_ourselves()
    line = told.readline()
    if not line:
        return  # Another contender has failed.
    asked = json.loads(line)
    loop = asyncio.new_event_loop()
    decide: Decide = importlib.import_module(contender).prepare(asked)

    def lets_in(what: Any) -> bool:
        answer = decide(what)
        return loop.run_until_complete(answer) if isinstance(answer, Coroutine) else answer

    begun = time.perf_counter()
    let_in, failed = _first(lets_in, asked["live"], may_fail=asked.get("may_fail", 0))
    first_ms = (time.perf_counter() - begun) * 1000
    if not let_in:
        raise SystemExit(f"{contender} refuses what it should let in")
    if "revoked" in asked and lets_in(asked["revoked"]):
        raise SystemExit(f"{contender} lets a revoked token in")
    print(json.dumps({"first_ms": first_ms, "failed": failed}), file=answers)
    for line in told:
        if inspect.iscoroutinefunction(decide):
            figures = loop.run_until_complete(_awaited(decide, asked["live"], int(line)))
        else:
            figures = _called(decide, asked["live"], int(line))
        print(json.dumps(figures), file=answers)


def _stdout_to_ourselves() -> TextIO:
    """What the contender prints, as functions do to log, goes nowhere."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return answers


def _first(lets_in: Callable[[Any], bool], what: Any, *, may_fail: int) -> tuple[bool, int]:
    """What comes of it in the end, and how many tries failed before."""
    for failed in range(may_fail):
        try:
            return lets_in(what), failed
        except Exception:  # noqa: BLE001, S112 - they are counted, and the last one is raised
            continue
    return lets_in(what), may_fail


def _called(decide: Decide, what: Any, times: int) -> dict[str, Any]:
    wall, clock = [], time.perf_counter_ns
    busy = time.process_time_ns()
    for _ in range(times):
        begun = clock()
        decide(what)
        wall.append(clock() - begun)
    return {"wall_ns": wall, "cpu_ns": time.process_time_ns() - busy}


async def _awaited(
    decide: Callable[[Any], Coroutine[Any, Any, bool]], what: Any, times: int
) -> dict[str, Any]:
    wall, clock = [], time.perf_counter_ns
    busy = time.process_time_ns()
    for _ in range(times):
        begun = clock()
        await decide(what)
        wall.append(clock() - begun)
    return {"wall_ns": wall, "cpu_ns": time.process_time_ns() - busy}


if __name__ == "__main__":
    main(sys.argv[1])
