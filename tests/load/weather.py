"""Faults between the functions and their AWS, switched on and off; and which answers they explain."""

import math
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence

from tests.faults.faults import FAULTS, Fault, Request
from tests.faults.proxy import Proxy
from tests.faults.rows import SPOILED, Spoiled

# A proxy refuses no connection, and silence comes by itself.
_USUAL = [fault for fault in FAULTS.values() if not fault.refuses and not fault.depends_on_time]
_ATTRIBUTES = 12

LINGERING_SECONDS = 2
"""How long after the last fault a request may begin that still meets one: it waits for who waits for it."""


class Weather:
    """May be asked by any thread; one thread makes it."""

    def __init__(self, proxy: Proxy, dice: random.Random) -> None:
        self.faults: Counter[str] = Counter()
        """How many requests met which fault."""
        self._proxy = proxy
        self._dice = dice
        self._lock = threading.Lock()
        self._storms: list[tuple[float, float]] = []

    def explains(self, began: float, ended: float) -> bool:
        """Whether a request of this time may have met a fault, or what one left behind."""
        return any(
            begun <= ended and began <= over + LINGERING_SECONDS for begun, over in reversed(self._storms)
        )

    def blow(self, seconds: float) -> str:
        """One storm, of so many seconds at most; says what it was of."""
        faults, rate = self._choice()
        if any(fault.depends_on_time for fault in faults):
            seconds = min(seconds, 2.0)  # Each holds a function for up to 2 s, and throughput is wanted, too.
        begun = time.time()
        self._storms.append((begun, math.inf))
        self._proxy.choose = lambda request: self._meet(request, faults, rate)
        time.sleep(seconds)
        self._proxy.choose = lambda _: None
        self._storms[-1] = (begun, time.time())
        return f"{', '.join(sorted({fault.name for fault in faults}))} at {rate:.0%}"

    def _choice(self) -> tuple[Sequence[Fault], float]:
        if self._dice.random() < 0.15:
            return [FAULTS["silence"]], 0.05
        rows = [Spoiled(name, number).fault for number in range(_ATTRIBUTES) for name in SPOILED]
        faults = self._dice.sample([*_USUAL, *self._dice.sample(rows, 2)], self._dice.randint(1, 4))
        return faults, self._dice.choice([0.05, 0.1, 0.2, 0.3])

    def _meet(self, request: Request, faults: Sequence[Fault], rate: float) -> Fault | None:
        with self._lock:
            possible = [fault for fault in faults if request.operation in fault.of]
            if not possible or self._dice.random() >= rate:
                return None
            met = self._dice.choice(possible)
            self.faults[met.name] += 1
            return met
