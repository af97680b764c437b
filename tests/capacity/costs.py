"""What a million of a request cost, from its figures and docs/prices.toml."""

import json
import math
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.capacity.figures import Figures
from tests.template import DOCUMENT, FUNCTIONS

PRICES = Path(__file__).parents[2] / "docs" / "prices.toml"

MILLION, GB = 1_000_000, 1_000_000_000
_HASHES = {"login", "password"}
"""The functions whose requests hash one password; a change of one hashes two."""
_TIME, _REQUEST_ID = "2026-11-24T12:00:00.000Z", "0f5f1a9e-0000-4000-8000-000000000000"
_METRICS = {"durationMs": 10.123, "billedDurationMs": 11, "memorySizeMB": 512, "maxMemoryUsedMB": 98}
# Lambda's own lines of an invocation, in its JSON format; and what CloudWatch Logs adds to each line.
_LAMBDAS_LINES = [
    json.dumps({"time": _TIME, "type": f"platform.{kind}", "record": {"requestId": _REQUEST_ID, **record}})
    for kind, record in (
        ("start", {"version": "12"}),
        ("report", {"metrics": _METRICS, "status": "success"}),
    )
]
_BYTES_A_LINE = 26


@cache
def prices() -> Any:
    return tomllib.loads(PRICES.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Million:
    """USD."""

    dynamodb: float
    requests: float
    milliseconds: int
    """Of each, as assumed."""
    time: float
    logs: float

    @property
    def total(self) -> float:
        return self.dynamodb + self.requests + self.time + self.logs


def million_of(figures: Figures, *, architecture: str = "x86_64") -> Million:
    listed = prices()
    megabytes = memory_of(figures.function)
    milliseconds = assumed_milliseconds(figures, megabytes)
    seconds = milliseconds / 1000 * megabytes / 1024
    log_bytes = figures.log_bytes + sum(map(len, _LAMBDAS_LINES))
    log_bytes += _BYTES_A_LINE * (figures.log_lines + len(_LAMBDAS_LINES))
    return Million(
        dynamodb=figures.reads * listed["dynamodb"]["million_reads"]
        + figures.writes * listed["dynamodb"]["million_writes"],
        requests=listed["lambda"]["million_requests"],
        milliseconds=milliseconds,
        time=seconds * MILLION * listed["lambda"][f"gb_second_{architecture}"],
        logs=log_bytes * MILLION / GB * listed["cloudwatch"]["ingested_gb"],
    )


def memory_of(function: str) -> int:
    """As the template has it, in MB."""
    [named] = [each for each in FUNCTIONS.values() if Path(each["CodeUri"]).name == function]
    megabytes: int = named.get("MemorySize", DOCUMENT["Globals"]["Function"]["MemorySize"])
    return megabytes


def assumed_milliseconds(figures: Figures, megabytes: int) -> int:
    """Waiting for one call after the other, and computing on the share of a core that the memory buys."""
    assumed = prices()["assumed"]
    core: float = assumed["core_milliseconds_a_request"] + figures.calls * assumed["core_milliseconds_a_call"]
    if figures.function in _HASHES:
        core += assumed["core_milliseconds_a_password"] * (2 if figures.function == "password" else 1)
    share: float = min(1.0, megabytes / assumed["megabytes_of_one_core"])
    waiting: float = figures.calls * assumed["milliseconds_a_call"]
    return math.ceil(waiting + core / share)
