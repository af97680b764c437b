"""What was revoked, as this sandbox knows it: read of the feed at the start of a request that finds it old.

Nothing is read behind an answer: a sandbox is frozen there, for no one knows how long.
"""

import math
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from rescind.rules.remembered import Remembered
from rescind.rules.revocations import Revocation, key_at, window


class Feed(Protocol):
    def page(
        self, *, copy: int, after: str, until: str
    ) -> tuple[list[tuple[int, Revocation]], str | None]: ...


class _Clocks(NamedTuple):
    wall: int
    monotonic: float


@dataclass(slots=True)
class _Read:
    """One that is under way; `after` is where it goes on."""

    began: _Clocks
    after: str | None
    until: str


class FeedReader:
    """Remembers what it reads, and lets none of it grow older than the delay.

    A read that fails half-way is gone on with by the next request: it counts from when it began, and only
    once it has come to its end. So a feed that takes longer to read than a request may take is read after
    all, and nothing is let through before.
    """

    def __init__(
        self,
        feed: Feed,
        *,
        copies: int,
        delay_seconds: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._feed = feed
        self._copies = copies
        self._delay_seconds = delay_seconds
        self._monotonic = monotonic
        self._remembered = Remembered()
        self._copy: int | None = None
        self._last: _Clocks | None = None
        self._read: _Read | None = None

    def remembered(self, *, now: int) -> Remembered:
        """All that was revoked `delay_seconds` before this request began, and longer ago.

        Args:
            now: this host's clock at the start of the request, in whole seconds.

        Raises:
            UnavailableError: it could not be read.
        """
        clocks = _Clocks(now, self._monotonic())
        began = self._last if self._read is None else self._read.began
        if began is not None and clocks.wall < began.wall:
            self._begin_anew()
        if self._is_old(clocks):
            if self._read is not None:
                self._go_on(self._read)
            # Where that is over, but began too long ago.
            if self._is_old(clocks):
                self._go_on(self._begun(clocks))
        return self._remembered

    def _is_old(self, clocks: _Clocks) -> bool:
        last, delay = self._last, self._delay_seconds
        # The monotonic clock may stand still while a sandbox is frozen, and the other one may be set back: it
        # is young by both, or old.
        return last is None or not (
            0 <= clocks.wall - last.wall < delay and 0 <= clocks.monotonic - last.monotonic < delay
        )

    def _begin_anew(self) -> None:
        """The clock was set back: nobody knows since when it was ahead, and what it forgot may not be old."""
        self._remembered = Remembered()
        self._last = self._read = None

    def _begun(self, clocks: _Clocks) -> _Read:
        last_ms = None
        if self._last is not None:
            # By whichever says longer: the one on the wall may have been set back, by less than has passed.
            by_wall = clocks.wall - self._last.wall
            by_monotonic = math.ceil(clocks.monotonic - self._last.monotonic)
            last_ms = (clocks.wall - max(by_wall, by_monotonic)) * 1000
        oldest, newest = window(last_read_ms=last_ms, now_ms=clocks.wall * 1000)
        if (oldest, newest) == window(last_read_ms=None, now_ms=clocks.wall * 1000):
            # All that still counts is read anew. What was known may have been overtaken before that.
            self._remembered = Remembered()
        # What begins with the last millisecond goes on behind it.
        self._read = _Read(clocks, key_at(oldest), key_at(newest + 1))
        return self._read

    def _go_on(self, read: _Read) -> None:
        if self._copy is None:
            # Of this sandbox, so not before a snapshot; and by the kernel, as all that is drawn.
            self._copy = secrets.randbelow(self._copies)
        while read.after is not None:
            announced, after = self._feed.page(copy=self._copy, after=read.after, until=read.until)
            self._remembered.learn(announced)
            read.after = after
        self._last, self._read = read.began, None
        self._remembered.forget(now=read.began.wall)
