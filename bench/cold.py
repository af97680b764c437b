"""Cold: a whole process from its start over the first decision to its end; and under Lambda's emulator.

Ours reads its key set in the first decision. The others have their key from the environment. Everything is
compiled beforehand for all alike, as in the layer; connections are new ones.
"""

import json
import os
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.contenders import authorizers
from bench.emulated import emulator
from bench.inside.authorizer import event_of
from bench.places import PYTHON, ROOT
from bench.results import Bar, Goal, Part
from bench.rounds import Say, median, ratio, take_turns
from bench.store.running import canned_store
from bench.world import environment, new_world
from tests.requests import Call

ROUNDS = 15
_LABELS = {"ours": "Rescind", "naive": "naive authorizer", "floor": "physical floor"}
"""In the chart."""
EMULATED_ROUNDS = 7
_ONCE = ROOT / "bench" / "inside" / "once.py"


@dataclass(frozen=True)
class Start:
    """What one whole process took."""

    wall_ms: float
    cpu_ms: float
    peak_mib: float


@dataclass(frozen=True)
class Emulated:
    """What Lambda's emulator says of one new sandbox."""

    init_ms: float
    first_ms: float

    @property
    def both_ms(self) -> float:
        return self.init_ms + self.first_ms


def measure(say: Say, *, rounds: int = ROUNDS, emulated_rounds: int = EMULATED_ROUNDS) -> Part:
    world = new_world()
    event, paths = event_of(world.live), asdict(authorizers())
    with canned_store(world.rows) as endpoint, tempfile.TemporaryDirectory() as folder:
        around = environment(endpoint)
        path = Path(folder) / "event.json"
        path.write_text(json.dumps(event), encoding="utf-8")
        starts = take_turns(
            {name: starter(here, around, path) for name, here in paths.items()}, rounds=rounds, say=say
        )
        emulated: dict[str, list[Emulated]] = {}
        if emulated_rounds:
            emulated = take_turns(
                {name: _emulated(here, around, event, Path(folder)) for name, here in paths.items()},
                rounds=emulated_rounds,
                say=lambda line: say(f"under Lambda's emulator, {line}"),
            )
    return _part(starts, emulated)


def starter(path: Sequence[Path], around: Mapping[str, str], event: Path) -> Callable[[], Start]:
    """Starts a process with this path, and waits for its end."""
    command = [str(PYTHON), "-S", str(_ONCE), str(event)]
    env = {"PATH": os.defpath, **around, "PYTHONPATH": os.pathsep.join(map(str, path))}

    def start() -> Start:
        begun = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - our own program
            command,
            env=env,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        said = b""
        if process.stderr:
            with process.stderr as pipe:
                said = pipe.read()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        peak = re.search(rb"\npeak (\d+)\n", said)
        if process.returncode or not peak:
            raise RuntimeError(f"the first decision failed: {said.decode(errors='replace')}")
        return Start(wall * 1000, (used.ru_utime + used.ru_stime) * 1000, int(peak[1]) / 1024)

    return start


def _emulated(
    path: Sequence[Path], around: Mapping[str, str], event: Mapping[str, Any], folder: Path
) -> Callable[[], Emulated]:
    lambda_ = emulator(folder / "runtime")

    def start() -> Emulated:
        call = Call("authorizer", dict(event))
        said = lambda_.cold_start(
            call, task=path[0], layer=path[1], environment=around, log=folder / "emulator.log"
        )
        if said.answer["policyDocument"]["Statement"][0]["Effect"] != "Allow":
            raise RuntimeError(f"the first decision failed: {said.answer}")
        return Emulated(said.init_ms, said.invoke_ms)

    return start


def _part(starts: Mapping[str, Sequence[Start]], emulated: Mapping[str, Sequence[Emulated]]) -> Part:
    def wall(start: Start) -> float:
        return start.wall_ms

    rows = [
        (
            name,
            f"{median(each, wall):.0f}",
            f"{median(each, lambda start: start.cpu_ms):.0f}",
            f"{median(each, lambda start: start.peak_mib):.0f}",
            f"{ratio(starts, name, 'naive', wall):.2f}",
            *_of_emulator(name, emulated),
        )
        for name, each in starts.items()
    ]
    goals = [Goal("cold, of naive, whole process", ratio(starts, "ours", "naive", wall), at_most=0.35)]
    return Part(
        title="Cold: Python starts, the authorizer is imported and decides once",
        columns=("", "wall ms", "CPU ms", "peak MiB", "of naive", "INIT ms", "first ms", "of naive"),
        rows=rows,
        goals=goals,
        notes=[
            "The last three columns: under Lambda's Runtime Interface Emulator, where all wait for",
            "Lambda's client to start. The goal is that of the whole process.",
        ],
        raw={
            "process": {name: [asdict(start) for start in each] for name, each in starts.items()},
            "emulator": {name: [asdict(start) for start in each] for name, each in emulated.items()},
        },
        bars=[Bar(_LABELS[name], median(each, wall), name == "ours") for name, each in starts.items()],
    )


def _of_emulator(name: str, emulated: Mapping[str, Sequence[Emulated]]) -> tuple[str, str, str]:
    if not emulated:
        return "-", "-", "-"
    init = statistics.median(each.init_ms for each in emulated[name])
    first = statistics.median(each.first_ms for each in emulated[name])
    of_naive = ratio(emulated, name, "naive", lambda start: start.both_ms)
    return f"{init:.0f}", f"{first:.0f}", f"{of_naive:.2f}"
