"""What a request takes, as a row of docs/cost.md: written by the measurement, read by the arithmetic."""

from dataclasses import dataclass

from tests.capacity.measuring import Taken

HEAD = ("request", "function", "calls to DynamoDB", "reads", "writes", "log lines", "log bytes")


@dataclass(frozen=True)
class Figures:
    name: str
    function: str
    calls: int
    reads: int
    writes: int
    log_lines: int
    log_bytes: int

    @property
    def row(self) -> str:
        numbers = (self.calls, self.reads, self.writes, self.log_lines, self.log_bytes)
        return f"| {self.name} | {self.function} | {' | '.join(map(str, numbers))} |"


def figures_of(taken: Taken) -> Figures:
    calls = len(taken.calls) - taken.kms_calls
    return Figures(
        taken.operation.name,
        taken.function,
        calls,
        taken.reads,
        taken.writes,
        len(taken.lines),
        taken.log_bytes,
    )


def figures_in(row: str) -> Figures:
    name, function, *numbers = (cell.strip() for cell in row.strip("|").split("|"))
    return Figures(name, function, *map(int, numbers))
