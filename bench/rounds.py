"""Lets contenders take turns, and compares them turn by turn, so that the machine's noise hits all alike."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

Sample = TypeVar("Sample")
Turns = Mapping[str, Sequence[Sample]]
"""By contender: what each of its turns came to, in the order of the rounds."""
Say = Callable[[str], None]


def take_turns(
    contenders: Mapping[str, Callable[[], Sample]], *, rounds: int, say: Say
) -> dict[str, list[Sample]]:
    """Each once a round, each round beginning with another one. The first one warms up and does not count."""
    turns: dict[str, list[Sample]] = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(rounds + 1):
        say(f"round {number} of {rounds}" if number else "warming up")
        first = number % len(names)
        for name in names[first:] + names[:first]:
            sample = contenders[name]()
            if number:
                turns[name].append(sample)
    return turns


def ratio(turns: Turns[Sample], one: str, other: str, figure: Callable[[Sample], float]) -> float:
    """How many times as much the one takes as the other: the median over the rounds."""
    pairs = zip(turns[one], turns[other], strict=True)
    return statistics.median(figure(ours) / figure(theirs) for ours, theirs in pairs)


def median(samples: Sequence[Sample], figure: Callable[[Sample], float]) -> float:
    return statistics.median(map(figure, samples))
