"""Until when this invocation may wait for AWS: set at its beginning, asked before each try of each call.

Without it the tries add up until Lambda ends the function in the middle of something, and nobody hears why.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple, Protocol

from rescind.unavailable import UnavailableError

CONNECT_SECONDS = 0.5
READ_SECONDS = 1.0
_TRY_SECONDS = CONNECT_SECONDS + READ_SECONDS
_LONGEST_PAUSE_SECONDS = 1.0
"""Of the SDK, between two tries."""
_ANSWER_SECONDS = 0.25
_LOOK_UP_SECONDS = _TRY_SECONDS + 0.5
"""Kept from second tries, so that a write that failed can still be looked up."""
_LONGEST_FUNCTION_SECONDS = 900
"""Lambda lets none run for longer."""


class Context(Protocol):
    """What Lambda says of an invocation."""

    def get_remaining_time_in_millis(self) -> int: ...


class _Ends(NamedTuple):
    """The seconds by which tries must be over."""

    first_try: float
    second_try: float


_NEVER = _Ends(math.inf, math.inf)
_ends: ContextVar[_Ends] = ContextVar("ends", default=_NEVER)


@contextmanager
def of_invocation(context: Context) -> Iterator[None]:
    """Be done a little before Lambda is.

    Raises:
        UnavailableError: this host's clock is far behind Lambda's: what has expired would still count. (One
            that is ahead leaves no time for anything.)
    """
    # From the end by Lambda's clock to now by this host's.
    seconds = context.get_remaining_time_in_millis() / 1000
    if seconds > _LONGEST_FUNCTION_SECONDS:
        raise UnavailableError("the clock of this host is behind Lambda's")
    end = time.monotonic() + seconds - _ANSWER_SECONDS
    before = _ends.set(_Ends(end, end - _LOOK_UP_SECONDS))
    try:
        yield
    finally:
        _ends.reset(before)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Be done within so many seconds, and no later than the invocation; for reads, which nobody looks up."""
    end = min(_ends.get().first_try, time.monotonic() + seconds)
    before = _ends.set(_Ends(end, end))
    try:
        yield
    finally:
        _ends.reset(before)


@contextmanager
def as_long_as_one_try() -> Iterator[None]:
    """Of what can be done without: wait no longer than for one try."""
    with within(_TRY_SECONDS + _ANSWER_SECONDS):
        yield


def seconds_left() -> float:
    """Until the invocation should have answered, for what is no call to AWS; without end outside of one."""
    return max(0.0, _ends.get().first_try - time.monotonic())


def allows_first_try() -> bool:
    """Whether one that takes as long as a try may take would be over in time."""
    return time.monotonic() + _TRY_SECONDS <= _ends.get().first_try


def allows_second_try() -> bool:
    """The same of another one, after the longest pause."""
    return time.monotonic() + _LONGEST_PAUSE_SECONDS + _TRY_SECONDS <= _ends.get().second_try
