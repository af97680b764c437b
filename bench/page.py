"""Writes what was measured into docs/performance.md, table by table, between its marks."""

import os
import platform
from collections.abc import Mapping, Sequence

from bench import money
from bench.places import ROOT
from bench.results import Goal, Part
from tests.capacity.page import with_tables

PAGE = ROOT / "docs" / "performance.md"


def write(measured: Mapping[str, Part], *, runs: int) -> None:
    tables = {name.replace("_", " "): _of(part) for name, part in measured.items()}
    if measured.keys() >= {"warm", "feed", "cold", "cold_routes"}:
        several = f"Medians of {runs} runs" if runs > 1 else "One run"
        tables["runs"] = f"{several}, on {os.cpu_count()} cores of {platform.machine()}."
        tables["goals"] = _goals([goal for part in measured.values() for goal in part.goals])
    if "warm" in measured:
        priced = money.part(measured)
        tables["money"] = _table([priced.columns, *priced.rows])
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), tables), encoding="utf-8")


def _of(part: Part) -> str:
    """With its notes below."""
    return "\n\n".join([_table([part.columns, *part.rows]), *filter(None, [" ".join(part.notes)])])


def _goals(goals: Sequence[Goal]) -> str:
    rows = [(goal.name, f"{goal.ratio:.2f}", goal.wanted, "" if goal.is_met else "missed") for goal in goals]
    return _table([("ratio", "measured", "goal", ""), *rows])


def _table(rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])
