"""What a part comes to: a table, and ratios beside their goals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Goal:
    """A ratio, and what it should be: at most so much, or at least."""

    name: str
    ratio: float
    at_most: float | None = None
    at_least: float | None = None

    @property
    def is_met(self) -> bool:
        return self.holds()

    def holds(self, *, slack: float = 1.0) -> bool:
        """Whether it is met, if the bound is loosened by this factor."""
        if self.at_most is not None:
            return self.ratio <= self.at_most * slack
        return self.at_least is None or self.ratio * slack >= self.at_least

    @property
    def wanted(self) -> str:
        return f"<= {self.at_most:.2f}" if self.at_most is not None else f">= {self.at_least:.2f}"


@dataclass(frozen=True)
class Bar:
    """Of the chart."""

    label: str
    value: float
    is_ours: bool = False


@dataclass(frozen=True)
class Part:
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    goals: Sequence[Goal] = ()
    notes: Sequence[str] = ()
    raw: Any = None
    bars: Sequence[Bar] = ()
