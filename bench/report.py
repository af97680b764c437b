"""Prints what was measured as tables, each ratio beside its goal."""

from collections.abc import Iterator, Sequence

from bench.results import Goal, Part


def lines(part: Part) -> Iterator[str]:
    yield ""
    yield part.title
    yield from _table([part.columns, *part.rows])
    yield from (f"  {note}" for note in part.notes)


def goal_lines(goals: Sequence[Goal]) -> Iterator[str]:
    yield ""
    yield "Goals"
    rows = [
        (goal.name, f"{goal.ratio:.2f}", goal.wanted, "met" if goal.is_met else "MISSED") for goal in goals
    ]
    yield from _table([("ratio", "is", "goal", ""), *rows])


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        first, *others = (
            cell.ljust(width) if not column else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  " + "   ".join([first, *others]).rstrip()
