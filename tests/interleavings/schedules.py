"""Every schedule of a scenario, depth first.

Two schedules that have come to the same rows, answers and order of events go on as one: what follows is the
same.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.interleavings.explorer import Run
from tests.interleavings.scenario import Scenario, Step


@dataclass
class Explored:
    schedules: int = 0
    """How many there are, from the first call to the last answer."""
    runs: int = 0
    """How many of them were begun."""
    ends: list[Any] = field(default_factory=list)
    """What `judge` said of each end."""


def explore(scenario: Scenario, judge: Callable[[Run], Any], *, merge: bool = True) -> Explored:
    """Take every schedule to its end, and have the end judged."""
    explored = Explored()
    followers: dict[Any, list[Any]] = defaultdict(list)
    ends: set[Any] = set()
    numbers: dict[Any, int] = {}
    start = object()
    waiting: list[tuple[tuple[Step, ...], Any]] = [((), start)]
    while waiting:
        steps, parent = waiting.pop()
        run = Run(scenario)
        explored.runs += 1
        told = [run.take(step) for step in steps]
        while all(told[-1:]):
            # Numbers for what a key is made of: there are few of those, and very many keys.
            key = tuple(numbers.setdefault(part, len(numbers)) for part in run.key()) if merge else object()
            known = key in followers or key in ends
            followers[parent].append(key)
            if known:
                break
            choices = run.choices()
            if not choices:
                ends.add(key)
                explored.ends.append(judge(run))
                break
            waiting.extend(((*run.steps, step), key) for step in reversed(choices[1:]))
            followers[key] = []
            parent = key
            told = [run.take(choices[0])]
        run.stop()
    explored.schedules = _paths(followers, start, ends)
    return explored


def _paths(followers: dict[Any, list[Any]], start: Any, ends: set[Any]) -> int:
    """How many ways lead from the start to an end."""
    counted: dict[Any, int] = dict.fromkeys(ends, 1)
    open_keys = [start]
    while open_keys:
        key = open_keys[-1]
        missing = [each for each in followers[key] if each not in counted]
        if missing:
            open_keys.extend(missing)
        else:
            counted[key] = sum(counted[each] for each in followers[key])
            open_keys.pop()
    return counted[start]
