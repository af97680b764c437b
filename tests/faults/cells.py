"""The cells of the matrix: each call of each scenario, with each fault that can happen to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from tests.faults.faults import FAULTS, READS, WRITES, Length
from tests.faults.rows import SPOILED
from tests.faults.scenarios import SCENARIOS, Scenario

_HASHED_ANEW = ("UpdateItem", "Credentials")


@dataclass(frozen=True)
class Cell:
    scenario: Scenario
    number: int
    """Of the call, counted from 0."""
    fault: str
    length: Length

    @property
    def is_looked_up(self) -> bool:
        """Whether it is found out what this call came to, before anything is answered."""
        operation, _, tables = self.scenario.calls[self.number].partition(" ")
        # What is announced once more is nothing but that: to ask again announces it again.
        errs_on_the_safe_side = tables in {"Attempts", "Revocations"} or (operation, tables) == _HASHED_ANEW
        # A damaged row beside a failed condition is for the next request.
        can_be = self.fault in FAULTS and self.length is not Length.THE_REQUEST
        to_be_found = not errs_on_the_safe_side and not self.scenario.changes_nothing
        return operation in WRITES and can_be and to_be_found

    @property
    def is_behind_its_use(self) -> bool:
        """Whether what the request was asked with was used before this call."""
        return self.scenario.used_by in self.scenario.calls[: self.number]

    @property
    def id(self) -> str:
        call = self.scenario.calls[self.number].replace(" ", ".")
        return f"{self.scenario.id}-{self.number + 1}.{call}-{self.fault}-{self.length.value}"


class Told(Enum):
    """What the client was told; the last is the worst."""

    AS_EVER = "answered as ever"
    WHAT_IS_UNDONE = "that say what is not done"
    UNAVAILABLE = "answered 503"


def all_cells() -> Iterator[Cell]:
    """Every call of every scenario, with every fault that can happen to it."""
    for scenario in SCENARIOS:
        for number, call in enumerate(scenario.calls):
            operation = call.partition(" ")[0]
            for name, fault in FAULTS.items():
                if operation in fault.of:
                    lengths = [each for each in Length if fault.tried_again or each is not Length.ONE_TRY]
                    yield from (Cell(scenario, number, name, length) for length in lengths)
            if operation in READS:
                # It is the row that is so: the SDK sees a success.
                yield from (Cell(scenario, number, name, Length.THE_CALL) for name in SPOILED)


def depends_on_time(fault: str) -> bool:
    """Whether what comes of it depends on how long there is."""
    return fault in FAULTS and FAULTS[fault].depends_on_time
