"""Loaded by pytest for the journeys of the proof: gives them the password, and writes down how each ended."""

import json
import os
from pathlib import Path
from typing import Any

from tests import things

PASSWORD, RESULTS = "RESCIND_PROVE_PASSWORD", "RESCIND_PROVE_RESULTS"

# Before any of them is imported: on the internet, one that everybody can read here opens too much.
things.PASSWORD = os.environ[PASSWORD]
_ended: dict[str, str] = {}


def pytest_runtest_logreport(report: Any) -> None:
    """What came of a test, or of what goes before and after it."""
    if report.when == "call" or report.failed:
        _ended[report.nodeid] = "failed" if report.failed else report.outcome


def pytest_sessionfinish() -> None:
    Path(os.environ[RESULTS]).write_text(json.dumps(_ended), encoding="utf-8")
