"""How far an import is, on stderr: a bar on a terminal, a line every few seconds elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
from rich.text import Text

from rescind_cli.screen import Screen

_LINE_SECONDS = 5.0

Advance = Callable[[int], None]
"""Told how many more rows are done."""


@contextmanager
def progress(screen: Screen, *, total: int, done: int) -> Iterator[Advance]:
    if screen.err.is_terminal:
        columns = (BarColumn(bar_width=30), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
        with Progress(*columns, console=screen.err) as bar:
            task = bar.add_task("", total=total, completed=done)
            yield lambda rows: bar.advance(task, rows)
    else:
        yield _Lines(screen, total=total, done=done).advance


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} a second" if task.speed else "")


class _Lines:
    def __init__(self, screen: Screen, *, total: int, done: int) -> None:
        self._screen = screen
        self._total = total
        self._done_before = self._done = done
        self._began = self._said = time.monotonic()

    def advance(self, rows: int) -> None:
        self._done += rows
        now = time.monotonic()
        if now - self._said < _LINE_SECONDS:
            return
        self._said = now
        rate = (self._done - self._done_before) / (now - self._began)
        left = (self._total - self._done) / rate
        self._screen.note(f"{self._done:,} of {self._total:,} rows, {rate:,.0f} a second, {left:,.0f} s left")
