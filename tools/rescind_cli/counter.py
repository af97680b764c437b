"""How many are done and how many a second, where nobody knows how many there are: on stderr, for people."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

A_LINE_EVERY_SECONDS = 5.0


@contextmanager
def counting(console: Console, what: str) -> Iterator[Callable[[int], None]]:
    """Give what is told how many are done so far.

    On a terminal one line changes. Elsewhere a line comes every few seconds, or a log would be full of it.
    """
    began = written = time.monotonic()

    def line(done: int) -> str:
        return f"{done:,} {what}, {done / max(time.monotonic() - began, 0.001):,.0f} a second"

    def write(done: int) -> None:
        nonlocal written
        if time.monotonic() - written >= A_LINE_EVERY_SECONDS:
            written = time.monotonic()
            console.print(line(done), markup=False)

    if not console.is_terminal:
        yield write
        return
    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(line(0), total=None)
        yield lambda done: progress.update(task, description=line(done))
