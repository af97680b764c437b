"""Several runs in one: of each cell of a table that is a number, and of each ratio, the median."""

import statistics
from collections.abc import Sequence
from dataclasses import replace

from bench.results import Goal, Part


def of_runs(runs: Sequence[Part]) -> Part:
    """The same part, measured several times."""
    last = runs[-1]
    rows = [
        [_cell([part.rows[row][column] for part in runs]) for column in range(len(last.columns))]
        for row in range(len(last.rows))
    ]
    goals = [_goal([part.goals[number] for part in runs]) for number in range(len(last.goals))]
    bars = [
        replace(bar, value=statistics.median(part.bars[number].value for part in runs))
        for number, bar in enumerate(last.bars)
    ]
    title = f"{last.title}; medians of {len(runs)} runs"
    return replace(last, title=title, rows=rows, goals=goals, bars=bars)


def _goal(runs: Sequence[Goal]) -> Goal:
    return replace(runs[-1], ratio=statistics.median(goal.ratio for goal in runs))


def _cell(texts: Sequence[str]) -> str:
    try:
        median = statistics.median(float(text.replace(",", "")) for text in texts)
    except ValueError:
        return texts[-1]
    decimals = len(texts[-1].partition(".")[2])
    return f"{median:,.{decimals}f}"
