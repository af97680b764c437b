"""What a million authorizations cost, by the CPU that was measured and the prices of docs/prices.toml.

Lambda bills time: waiting for DynamoDB, as assumed there, and computing on the share of a core that the
memory buys, here as fast as on the machine that measured. API Gateway and the log are not in it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bench.results import Part
from tests.capacity.costs import memory_of, prices

# By this benchmark, on the commit before the authorizer left the SDK: medians of a run on the same machine.
_BEFORE_CPU_US = 1500.0


@dataclass(frozen=True)
class Million:
    name: str
    cpu_us: float
    round_trips: int
    reads: int

    @property
    def milliseconds(self) -> int:
        """Billed, so rounded up."""
        assumed = prices()["assumed"]
        share = min(1.0, memory_of("authorizer") / assumed["megabytes_of_one_core"])
        return math.ceil(
            float(self.round_trips * assumed["milliseconds_a_call"] + self.cpu_us / 1000 / share)
        )

    @property
    def time(self) -> float:
        seconds: float = self.milliseconds / 1000 * memory_of("authorizer") / 1024
        return float(seconds * 1_000_000 * prices()["lambda"]["gb_second_x86_64"])

    @property
    def dynamodb(self) -> float:
        return float(self.reads * prices()["dynamodb"]["million_reads"])

    def row(self) -> tuple[str, ...]:
        requests: float = prices()["lambda"]["million_requests"]
        total = self.time + self.dynamodb + requests
        usd = (f"{each:.2f}" for each in (self.time, self.dynamodb, requests, total))
        return (self.name, f"{self.cpu_us:,.0f}", str(self.milliseconds), *usd)


def part(measured: Mapping[str, Part]) -> Part:
    """Of the parts `warm` and, where it was measured, `feed`."""
    cpu = {row[0]: float(row[2].replace(",", "")) for row in measured["warm"].rows}
    million = [
        Million("naive: two reads, boto3", cpu["naive"], round_trips=2, reads=2),
        Million("strict, before: one read of three rows, boto3", _BEFORE_CPU_US, round_trips=1, reads=3),
        Million("strict", cpu["ours"], round_trips=1, reads=3),
    ]
    if "feed" in measured:
        [whole] = [row for row in measured["feed"].rows if row[0] == "the whole function"]
        # What it reads goes by seconds and sandboxes, not by requests.
        million.append(Million("feed", float(whole[2].replace(",", "")), round_trips=0, reads=0))
    return Part(
        title="Money: a million authorizations, USD",
        columns=("", "CPU us", "billed ms", "Lambda, time", "DynamoDB", "Lambda, requests", "sum"),
        rows=[each.row() for each in million],
    )
