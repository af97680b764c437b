"""Until when this invocation may wait for AWS: set at its beginning, asked before each try of each call.

Without it the tries add up until Lambda ends the function in the middle of something, and nobody hears why.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

CONNECT_SECONDS = 0.5
READ_SECONDS = 1.0
_TRY_SECONDS = CONNECT_SECONDS + READ_SECONDS
# Kept for all but AWS. Of the authorizer's 5 s it leaves 2.75 for its two calls: it answers within 3 s.
_RESERVE_SECONDS = 2.25
_SLACK_SECONDS = 0.1  # Between asking for a try and making it.

_gives_up_at: ContextVar[float] = ContextVar("gives_up_at", default=math.inf)


class Context(Protocol):
    """What Lambda says of an invocation."""

    def get_remaining_time_in_millis(self) -> int: ...


@contextmanager
def of_invocation(context: Context) -> Iterator[None]:
    """Give up a little before Lambda does."""
    with _until(time.monotonic() + context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS):
        yield


@contextmanager
def as_long_as_one_try() -> Iterator[None]:
    """No longer, where waiting for another would leave no time for what matters more."""
    with _until(min(_gives_up_at.get(), time.monotonic() + _TRY_SECONDS + _SLACK_SECONDS)):
        yield


def allows_a_try() -> bool:
    """Whether one that takes as long as a try may take would be over in time."""
    return time.monotonic() + _TRY_SECONDS <= _gives_up_at.get()


@contextmanager
def _until(second: float) -> Iterator[None]:
    before = _gives_up_at.set(second)
    try:
        yield
    finally:
        _gives_up_at.reset(before)
