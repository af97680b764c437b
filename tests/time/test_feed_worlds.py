"""Feed mode in every small world: clocks at their limits, freezes, dead writers, reads that fail half-way."""

from collections.abc import Callable
from typing import Any

import pytest

from rescind.feed_reader import FeedReader
from rescind.rules import revocations
from tests.time import feed_worlds
from tests.time.feed_worlds import first_wrong

FEW: dict[str, Any] = {"delays": (1,), "starts": (0.0,), "dead_writers": (None, 30.0), "faults": (None,)}


def test_nobody_is_let_in_too_late_or_refused_in_a_few_worlds() -> None:
    wrong, tried = first_wrong(**FEW, one_in=13)

    assert wrong is None
    assert tried > 1000


@pytest.mark.proof
def test_nobody_is_let_in_too_late_or_refused_in_half_a_million_worlds() -> None:
    wrong, tried = first_wrong(starts=(0.9,), faults=(None, 3))

    assert wrong is None
    assert tried > 500_000


@pytest.mark.soak
def test_nobody_is_let_in_too_late_or_refused_in_any_world() -> None:
    wrong, tried = first_wrong()

    assert wrong is None
    assert tried > 4_000_000


# What each of them leaves out of the protocol, and the worlds in which it goes wrong.


class CountsFromAFailedRead(FeedReader):
    def _go_on(self, read: Any) -> None:
        self._last = read.began
        super()._go_on(read)


class CountsFromTheEndOfARead(FeedReader):
    """As if what is gone on with had begun now."""

    def remembered(self, *, now: int) -> Any:
        self._wall = now
        return super().remembered(now=now)

    def _go_on(self, read: Any) -> None:
        super()._go_on(read)
        self._last = type(read.began)(self._wall, self._monotonic())


class BeginsAgainWithoutItsWindow(FeedReader):
    """A read that failed is forgotten, and the next one begins where that one would have gone on."""

    def remembered(self, *, now: int) -> Any:
        if self._read is not None:
            self._last, self._read = self._read.began, None
        return super().remembered(now=now)


class ByTheWallOnly(FeedReader):
    def _is_old(self, clocks: Any) -> bool:
        return self._last is None or not 0 <= clocks.wall - self._last.wall < self._delay_seconds


class ByTheMonotonicClockOnly(FeedReader):
    def _is_old(self, clocks: Any) -> bool:
        return self._last is None or clocks.monotonic - self._last.monotonic >= self._delay_seconds


class ReadsASecondLate(FeedReader):
    def _is_old(self, clocks: Any) -> bool:
        return self._last is None or any(
            not 0 <= now - then <= self._delay_seconds for now, then in zip(clocks, self._last, strict=True)
        )


LET_IN = "let in after"


@pytest.mark.proof
@pytest.mark.parametrize(
    ("make", "worlds"),
    [
        pytest.param(CountsFromAFailedRead, {"faults": (None, 1)}, id="a-failed-read-counts"),
        pytest.param(CountsFromTheEndOfARead, {"faults": (None, 3)}, id="a-half-read-counts-from-its-end"),
        pytest.param(BeginsAgainWithoutItsWindow, {"faults": (None, 1)}, id="a-half-read-is-given-up"),
        pytest.param(ByTheWallOnly, {}, id="age-by-the-wall-only"),
        pytest.param(ByTheMonotonicClockOnly, {}, id="age-by-the-monotonic-clock-only"),
        pytest.param(ReadsASecondLate, {}, id="read-when-the-delay-is-passed"),
    ],
)
def test_a_reader_that_leaves_something_out_is_found(
    make: Callable[..., FeedReader], worlds: dict[str, Any]
) -> None:
    wrong, _ = first_wrong(**FEW | worlds, make=make)

    assert LET_IN in (wrong or "")


@pytest.mark.proof
@pytest.mark.parametrize("left_out", ["WRITER_SECONDS", "CLOCK_SECONDS"])
def test_a_window_that_leaves_something_out_is_found(monkeypatch: pytest.MonkeyPatch, left_out: str) -> None:
    monkeypatch.setattr(revocations, left_out, 0)

    wrong, _ = first_wrong(**FEW | {"dead_writers": (None,)})

    assert LET_IN in (wrong or "")


@pytest.mark.proof
def test_a_session_that_had_ended_already_must_be_announced_anew() -> None:
    wrong, _ = first_wrong(**FEW, announces_again=False)

    assert "after effective_by" in (wrong or "")


@pytest.mark.proof
def test_no_bound_is_too_short_that_leaves_out_the_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_worlds, "MARGIN_SECONDS", 9)

    wrong, _ = first_wrong(**FEW)

    assert "after effective_by" in (wrong or "")
