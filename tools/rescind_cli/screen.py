"""How a command shows what it did: for people on a terminal, or as JSON for scripts."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_ENDLESS = 10_000
_IDS = {"user id", "session", "key", "in the token"}


class Screen:
    """`as_json` prints one JSON document on stdout, and nothing else there."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        # Who pipes a table somewhere wants each row whole.
        width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _ENDLESS
        self.out = Console(highlight=False, soft_wrap=True, width=width)
        self.err = Console(stderr=True, highlight=False, soft_wrap=True)

    def result(self, document: Mapping[str, Any], *lines: str) -> None:
        """The answer: as a document for scripts, as lines for people. None of it is markup."""
        if self.as_json:
            print(json.dumps(document))
            return
        for line in lines:
            self.out.print(_shown(line))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """For people only. An id is to be copied, so no column of ids is broken into lines."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold", no_wrap=column in _IDS)
        for row in rows:
            table.add_row(*(_shown(cell) for cell in row))
        self.out.print(table)

    def note(self, line: str) -> None:
        """Progress and next steps: for people, and never on stdout."""
        self.err.print(_shown(line))

    def error(self, message: str, *, error: str) -> None:
        if self.as_json:
            self.err.print(Text(json.dumps({"error": error, "error_description": message})))
        else:
            self.err.print(_shown(f"rescind: {message}"))


def _shown(text: str) -> Text:
    """As it is, without markup. A client chooses its User-Agent, and is not to control a terminal by it."""
    return Text("".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text))


def when(seconds: int) -> str:
    """A second since 1970 as people read it, in UTC."""
    if seconds == 0:
        return "never"
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
