"""Small worlds in which one session is ended and announced, and a sandbox reads the feed: all that can be.

Times are seconds, the right ones; a clock is off by at most 5. What is asked of each world: nobody is let in
who begins after `effective_by`, nobody is refused whose session lives, and a feed that can be read is.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Protocol

from rescind.feed_reader import Feed, FeedReader
from rescind.rules.remembered import Remembered
from rescind.rules.revocations import Revocation, SessionEnded, key_at
from rescind.unavailable import UnavailableError
from rescind.verdict import AllowByFeed
from rescind.verdict_by_feed import verdict_by_feed
from tests.things import NOW, SESSION_ID, USER_ID, some_claims

MARGIN_SECONDS = 10
"""What `effective_by` adds to the delay: a sandbox may have been frozen, with the clocks at their limits."""

# Of the whole lives that a token may have, the longest, with the longest leeway.
_LONGEST_LIFE, _LEEWAY = 3600, 60
_ROWS_OF_A_PAGE = 2


@dataclass(frozen=True, slots=True)
class Writer:
    """Starts, by a clock that is off; its transaction commits later."""

    starts: float
    clock_off: int
    commits: float

    @property
    def now(self) -> int:
        return math.floor(NOW + self.starts + self.clock_off)


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is ended; the first to say so is the last of the writers."""

    writers: tuple[Writer, ...]
    delay: int

    @property
    def answered(self) -> float:
        return self.writers[-1].commits

    @property
    def effective(self) -> float:
        """When the clock of who answered shows `effective_by`."""
        clock_off = self.writers[-1].clock_off
        return math.ceil(self.answered + clock_off) + self.delay + MARGIN_SECONDS - clock_off


@dataclass(frozen=True, slots=True)
class Request:
    at: float
    clock_off: int
    fails_at_page: int | None = None
    is_before_commit: bool = False
    """Of those of the same moment."""


class Reader(Protocol):
    def remembered(self, *, now: int) -> Remembered: ...


MakeReader = Callable[..., Reader]


@dataclass
class FeedOfWorld:
    """What stands there at a moment, two rows a page."""

    rows: list[tuple[str, float, Revocation]]
    at: float = 0
    is_before_commit: bool = False
    fails_at_page: int | None = None
    pages: int = field(default=0)

    def page(self, *, copy: int, after: str, until: str) -> tuple[list[tuple[int, Revocation]], str | None]:
        del copy
        self.pages += 1
        if self.pages == self.fails_at_page:
            raise UnavailableError("the world has it so")
        found = [
            (key, revocation)
            for key, committed, revocation in self.rows
            if after <= key <= until
            and (committed < self.at or (committed == self.at and not self.is_before_commit))
        ]
        page = found[:_ROWS_OF_A_PAGE]
        goes_on = page[-1][0] if len(found) > len(page) else None
        return [(int(key[:14]) // 1000, revocation) for key, revocation in page], goes_on


def announced(writer: Writer, session_id: str) -> tuple[str, float, Revocation]:
    return (
        f"{key_at(writer.now * 1000)} {session_id}",
        writer.commits,
        SessionEnded(USER_ID, session_id),
    )


# Other people's, so that a read has several pages.
OTHERS = [announced(Writer(at, 0, at), f"another-{at}") for at in (-20, -8, -4, -3, -2, 13)]


def worlds(
    delays: tuple[int, ...], *, starts: tuple[float, ...], dead_writers: tuple[float | None, ...]
) -> Iterator[Ended]:
    """Every writer of every clock; behind a dead one, whose write comes late, another who says so."""
    for delay, start, clock_off, takes, late in product(delays, starts, (-5, 5), (0, 10), dead_writers):
        writer = Writer(start, clock_off, start + takes)
        if late is None:
            yield Ended((writer,), delay)
        else:
            dead = Writer(start - late, -clock_off, start - 1)
            yield Ended((dead, writer), delay)


def scripts(world: Ended, faults: tuple[int | None, ...]) -> Iterator[list[Request]]:
    """Each request at one of the moments at which something changes, or not at all."""
    dies = world.writers[0].commits
    moments = [
        (dies, True) if len(world.writers) > 1 else (world.answered - 40, False),
        (world.answered, True),
        (world.answered, False),
        (world.answered + world.delay, False),
        (world.answered + world.delay + MARGIN_SECONDS - 1, False),
        (world.effective, False),
        (world.effective + world.delay, False),
        (world.answered + _LONGEST_LIFE + _LEEWAY, False),
    ]
    (begins, is_before), *_ = moments
    first = [None, *(Request(begins, off, is_before_commit=is_before) for off in (-5, 5))]
    middle = [
        [None, *(Request(at, off, fault, before) for off in (-5, 5) for fault in faults)]
        for at, before in moments[1:5]
    ]
    last = [Request(at, off) for (at, _), off in product(moments[5:], (-5, 5))]
    for script in product(first, *middle, last):
        yield [request for request in script if request]


def wrong_in(
    world: Ended,
    script: list[Request],
    *,
    frozen: bool,
    make: MakeReader = FeedReader,
    announces_again: bool = True,
) -> str | None:
    """What should not have been; None where all was right.

    Args:
        world: when it was ended, and announced.
        script: the requests to one sandbox, in order.
        frozen: between two of them, so that its monotonic clock stands still.
        make: the reader.
        announces_again: who finds it ended.
    """
    writers = world.writers if announces_again else world.writers[:1]
    rows = sorted([*OTHERS, *(announced(writer, SESSION_ID) for writer in writers)], key=lambda row: row[0])
    feed: Feed = FeedOfWorld(rows)
    assert isinstance(feed, FeedOfWorld)
    reader = make(
        feed, copies=1, delay_seconds=world.delay, monotonic=lambda: 0.0 if frozen else 10_000 + feed.at
    )
    for request in script:
        feed.at, feed.is_before_commit = request.at, request.is_before_commit
        feed.fails_at_page, feed.pages = request.fails_at_page, 0
        now = math.floor(NOW + request.at + request.clock_off)
        try:
            remembered = reader.remembered(now=now)
        except UnavailableError:
            if request.fails_at_page is None:
                return f"{request}: could have been read"
            continue
        is_let_in = _lets_in(remembered, SESSION_ID, now)
        if not _lets_in(remembered, "of-somebody-else", now):
            return f"{request}: another session is refused"
        if is_let_in and request.at >= world.effective:
            return f"{request}: let in after effective_by"
        # One that is awake needs no margin: its monotonic clock is right.
        awake_since = world.answered + world.delay
        if is_let_in and not frozen and request.at >= awake_since:
            return f"{request}: let in after the delay, though nothing was frozen"
        first_commit = min(writer.commits for writer in writers)
        if not is_let_in and (
            request.at < first_commit or (request.at == first_commit and request.is_before_commit)
        ):
            return f"{request}: refused before anything was ended"
    return None


def _lets_in(remembered: Remembered, session_id: str, now: int) -> bool:
    claims = some_claims(sid=session_id, jti="a-token", iat=now - 1, exp=now + 1)
    return isinstance(verdict_by_feed(claims, remembered, now=now, leeway_seconds=0), AllowByFeed)


def first_wrong(
    delays: tuple[int, ...] = (1, 5),
    *,
    starts: tuple[float, ...] = (0.0, 0.9),
    dead_writers: tuple[float | None, ...] = (None, 30.0, 100.0),
    faults: tuple[int | None, ...] = (None, 1, 3),
    make: MakeReader = FeedReader,
    announces_again: bool = True,
    one_in: int = 1,
) -> tuple[str | None, int]:
    """Of all worlds and scripts, or one in so many, the first that goes wrong, and how many were tried."""
    tried = 0
    for world in worlds(delays, starts=starts, dead_writers=dead_writers):
        every = product(scripts(world, faults), (True, False))
        for script, frozen in islice(every, None, None, one_in):
            tried += 1
            wrong = wrong_in(world, script, frozen=frozen, make=make, announces_again=announces_again)
            if wrong:
                return f"{world}, frozen: {frozen}, {script}: {wrong}", tried
    return None, tried
