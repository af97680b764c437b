"""Starts what is measured: each contender in a process of its own, which waits until it is told to work."""

import json
import os
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench import built
from bench.places import PYTHON, ROOT, packages
from bench.processes import Spoken, running
from bench.rounds import Turns, median, ratio


@dataclass(frozen=True)
class Sample:
    """What one turn of one contender came to, for each decision."""

    wall_us: float
    """The median."""
    cpu_us: float
    """The mean, as the clock of a process is read before and after."""


def wall(sample: Sample) -> float:
    return sample.wall_us


def cpu(sample: Sample) -> float:
    return sample.cpu_us


def beside(turns: Turns[Sample], reference: str) -> list[tuple[str, ...]]:
    """A row for each: wall and CPU, and both as ratios to those of one of them."""
    return [
        (
            name,
            f"{median(samples, wall):,.0f}",
            f"{median(samples, cpu):,.0f}",
            f"{ratio(turns, name, reference, wall):.2f}",
            f"{ratio(turns, name, reference, cpu):.2f}",
        )
        for name, samples in turns.items()
    ]


@dataclass(frozen=True)
class Contender:
    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str]
    asked: Mapping[str, Any]


def python(
    name: str, module: str, *path: Path, environment: Mapping[str, str], asked: Mapping[str, Any]
) -> Contender:
    """One that is a module of `bench/inside`, with these folders on its path and no other packages."""
    return Contender(
        name,
        [PYTHON, "-S", "-m", "bench.inside.worker", f"bench.inside.{module}"],
        {**environment, "PYTHONPATH": os.pathsep.join(map(str, path))},
        asked,
    )


@dataclass(frozen=True)
class Paths:
    """What each authorizer has on its path: its folder, then its layer."""

    ours: tuple[Path, ...]
    naive: tuple[Path, ...]
    floor: tuple[Path, ...]


def authorizers() -> Paths:
    bench = ROOT / "bench"
    return Paths(
        ours=(built.function(ROOT / "functions" / "authorizer"), built.layer()),
        naive=(built.function(bench / "naive" / "authorizer"), packages()),
        floor=(built.function(bench / "floor"), packages()),
    )


class Worker:
    def __init__(self, process: Spoken) -> None:
        self._process = process
        self.first_ms = 0.0
        """What its first decision took, the tries before it that failed included."""
        self.failed = 0
        """How many did."""

    def prepare(self, asked: Mapping[str, Any]) -> None:
        ready = json.loads(self._process.ask(json.dumps(asked)))
        self.first_ms, self.failed = ready["first_ms"], ready["failed"]

    def take_turn(self, times: int) -> Sample:
        figures = json.loads(self._process.ask(str(times)))
        wall = statistics.median(figures["wall_ns"]) / 1000
        return Sample(wall, figures["cpu_ns"] / times / 1000)


@contextmanager
def at_work(contenders: Sequence[Contender]) -> Iterator[dict[str, Worker]]:
    """All of them, ready: each has let in and refused what it should."""
    with ExitStack() as stack:
        workers = {
            each.name: Worker(stack.enter_context(running(each.name, each.command, each.environment)))
            for each in contenders
        }
        for each in contenders:
            workers[each.name].prepare(each.asked)
        yield workers


def turns_of(workers: Mapping[str, Worker], times: int) -> dict[str, Callable[[], Sample]]:
    return {name: partial(worker.take_turn, times) for name, worker in workers.items()}
