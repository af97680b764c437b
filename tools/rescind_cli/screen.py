"""How a command shows what it did: for people on a terminal, or as JSON for scripts."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_IDS = {"user id", "session", "key", "in the token"}


class Screen:
    """`as_json` prints one JSON document on stdout, and nothing else there."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.out = Console(highlight=False, soft_wrap=True)
        self.err = Console(stderr=True, highlight=False, soft_wrap=True)

    def result(self, document: Mapping[str, Any], *lines: str) -> None:
        """The answer: as a document for scripts, as lines for people. None of it is markup."""
        if self.as_json:
            print(json.dumps(document))
            return
        for line in lines:
            self.out.print(escape(line))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """For people only. An id is to be copied, so no column of ids is broken into lines."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold", no_wrap=column in _IDS)
        for row in rows:
            table.add_row(*(escape(_printable(cell)) for cell in row))
        self.out.print(table)

    def note(self, line: str) -> None:
        """Progress and next steps: for people, and never on stdout."""
        self.err.print(escape(line))

    def error(self, message: str, *, error: str) -> None:
        if self.as_json:
            self.err.print(json.dumps({"error": error, "error_description": message}), markup=False)
        else:
            self.err.print(f"rescind: {message}", markup=False)


def _printable(text: str) -> str:
    """A client chooses its User-Agent, and could write to the terminal of whoever reads it."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def when(seconds: int) -> str:
    """A second since 1970 as people read it, in UTC."""
    if seconds == 0:
        return "never"
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
