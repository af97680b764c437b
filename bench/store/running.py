"""Starts the canned store, in a process of its own so that its work is nobody's."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.places import PYTHON
from bench.processes import running
from bench.world import Rows

_PROGRAM = Path(__file__).with_name("canned.py")


@contextmanager
def canned_store(rows: Rows, *, recorded: Mapping[str, list[Any]] | None = None) -> Iterator[str]:
    """Its endpoint."""
    with running("the canned store", [PYTHON, "-S", "-E", _PROGRAM]) as process:
        port = process.ask(json.dumps({"rows": rows, "recorded": recorded or {}}))
        yield f"http://127.0.0.1:{int(port)}"
