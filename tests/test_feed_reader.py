"""When the feed is read, which window, and what comes of reads that fail."""

import secrets
from dataclasses import dataclass, field

import pytest

from rescind.feed_reader import FeedReader
from rescind.rules.revocations import Revocation, ScopeChanged, SessionEnded, TokensEnded, window
from rescind.unavailable import UnavailableError
from tests.things import NOW, SESSION_ID, USER_ID

ENDED = SessionEnded(USER_ID, SESSION_ID)


@dataclass
class RecordedFeed:
    """Answers page by page what a test has laid there; an exception is raised."""

    pages: list[list[Revocation] | UnavailableError] = field(default_factory=list)
    asked: list[tuple[int, str, str]] = field(default_factory=list)

    def page(self, *, copy: int, after: str, until: str) -> tuple[list[tuple[int, Revocation]], str | None]:
        self.asked.append((copy, after, until))
        page = self.pages.pop(0) if self.pages else []
        if isinstance(page, UnavailableError):
            raise page
        goes_on = f"{after} on" if self.pages and not isinstance(self.pages[0], UnavailableError) else None
        return [(NOW, revocation) for revocation in page], goes_on


@dataclass
class Hands:
    """Of the monotonic clock."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


def a_reader(
    feed: RecordedFeed, hands: Hands | None = None, *, delay: int = 5, copies: int = 1
) -> FeedReader:
    return FeedReader(feed, copies=copies, delay_seconds=delay, monotonic=hands or Hands())


def test_the_first_read_goes_back_as_far_as_a_token_can_live() -> None:
    feed = RecordedFeed([[ENDED]])

    remembered = a_reader(feed).remembered(now=NOW)

    assert remembered.has_ended(SESSION_ID)
    [(_, after, until)] = feed.asked
    assert after == f"{(NOW - 3720) * 1000:014d}"
    # Rows of the last millisecond have more behind it in their key.
    assert f"{(NOW + 10) * 1000:014d} {SESSION_ID}" < until < f"{(NOW + 10) * 1000 + 2:014d}"


def test_the_next_one_goes_back_to_what_may_have_come_late() -> None:
    feed = RecordedFeed()
    reader = a_reader(feed)
    reader.remembered(now=NOW)

    reader.remembered(now=NOW + 5)

    assert feed.asked[1][1] == f"{(NOW - 21) * 1000:014d}"


def test_after_too_long_it_is_as_the_first() -> None:
    assert window(last_read_ms=(NOW - 9000) * 1000, now_ms=NOW * 1000) == window(
        last_read_ms=None, now_ms=NOW * 1000
    )


@pytest.mark.parametrize(
    ("wall", "monotonic", "is_read"),
    [
        pytest.param(0, 0.0, False, id="at-once"),
        pytest.param(4, 4.9, False, id="young-by-both"),
        pytest.param(5, 0.0, True, id="old-by-the-wall"),
        pytest.param(0, 5.0, True, id="old-by-the-monotonic-clock"),
        pytest.param(-1, 0.0, True, id="the-wall-was-set-back"),
        pytest.param(-3600, 4.0, True, id="by-an-hour"),
        pytest.param(1, -0.5, True, id="the-monotonic-clock-of-another-sandbox"),
    ],
)
def test_it_is_read_again_when_its_age_is_the_delay(wall: int, monotonic: float, *, is_read: bool) -> None:
    feed, hands = RecordedFeed(), Hands()
    reader = a_reader(feed, hands)
    reader.remembered(now=NOW)

    hands.seconds += monotonic
    reader.remembered(now=NOW + wall)

    assert len(feed.asked) == 1 + is_read


def test_where_the_clock_was_set_back_all_is_read_anew_and_what_was_known_by_it_is_not() -> None:
    feed = RecordedFeed([[ENDED]])
    reader = a_reader(feed)
    assert reader.remembered(now=NOW + 3600).has_ended(SESSION_ID)

    assert not reader.remembered(now=NOW).has_ended(SESSION_ID)

    assert feed.asked[1][1:] == (f"{(NOW - 3720) * 1000:014d}", f"{(NOW + 10) * 1000 + 1:014d}")


def test_a_read_that_failed_before_the_clock_was_set_back_is_not_gone_on_with() -> None:
    feed = RecordedFeed([UnavailableError("gone")])
    reader = a_reader(feed)
    with pytest.raises(UnavailableError):
        reader.remembered(now=NOW + 3600)

    reader.remembered(now=NOW)

    assert feed.asked[1][1:] == (f"{(NOW - 3720) * 1000:014d}", f"{(NOW + 10) * 1000 + 1:014d}")


def test_where_the_clock_was_set_back_by_less_than_has_passed_the_other_one_says_how_far_to_go_back() -> None:
    feed, hands = RecordedFeed(), Hands()
    reader = a_reader(feed, hands)
    reader.remembered(now=NOW + 60)  # A minute ahead.

    hands.seconds += 99.5
    reader.remembered(now=NOW + 100)  # It is right by now.

    assert feed.asked[1][1] == f"{(NOW + 100 - 100 - 21) * 1000:014d}"


def test_after_too_long_nothing_is_known_that_may_have_been_overtaken_meanwhile() -> None:
    feed = RecordedFeed([[ScopeChanged(USER_ID, "orders:read", 1)]])
    reader = a_reader(feed)
    reader.remembered(now=NOW)

    feed.pages = [[TokensEnded(USER_ID, 8, NOW + 3800)]]

    # Another change of the scope is too old to be read, and the user is not.
    assert reader.remembered(now=NOW + 3800).of_user(USER_ID).scope is None


def test_every_page_is_read() -> None:
    feed = RecordedFeed([[], [], [ENDED]])

    assert a_reader(feed).remembered(now=NOW).has_ended(SESSION_ID)

    starts = [after for _, after, _ in feed.asked]
    assert starts == [starts[0], f"{starts[0]} on", f"{starts[0]} on on"]
    assert len({until for _, _, until in feed.asked}) == 1


def test_a_read_that_fails_lets_nobody_through_and_is_tried_by_the_next_request() -> None:
    feed = RecordedFeed([UnavailableError("gone"), UnavailableError("gone"), [ENDED]])
    reader = a_reader(feed)

    for _ in range(2):
        with pytest.raises(UnavailableError):
            reader.remembered(now=NOW)

    assert reader.remembered(now=NOW).has_ended(SESSION_ID)


def test_what_was_good_a_moment_ago_is_not_good_enough_when_a_read_fails() -> None:
    feed = RecordedFeed()
    reader = a_reader(feed)
    reader.remembered(now=NOW)
    feed.pages = [UnavailableError("gone")]

    with pytest.raises(UnavailableError):
        reader.remembered(now=NOW + 5)


def test_a_read_that_failed_half_way_is_gone_on_with_and_counts_from_its_beginning() -> None:
    feed = RecordedFeed([[], [ENDED]])
    reader = a_reader(feed)
    half_way = feed.page

    def page(*, copy: int, after: str, until: str) -> tuple[list[tuple[int, Revocation]], str | None]:
        if len(feed.asked) == 1:
            feed.page = half_way  # type: ignore[method-assign] # the next one is answered
            raise UnavailableError("gone")
        return half_way(copy=copy, after=after, until=until)

    feed.page = page  # type: ignore[method-assign] # fails once
    with pytest.raises(UnavailableError):
        reader.remembered(now=NOW)

    assert reader.remembered(now=NOW + 3).has_ended(SESSION_ID)
    assert [after for _, after, _ in feed.asked] == [feed.asked[0][1], f"{feed.asked[0][1]} on"]
    reader.remembered(now=NOW + 4)
    assert len(feed.asked) == 2
    # Five seconds after it began, two after it was over.
    reader.remembered(now=NOW + 5)
    assert len(feed.asked) == 3


def test_a_half_read_that_is_old_by_now_is_followed_by_another() -> None:
    feed = RecordedFeed([UnavailableError("gone")])
    reader = a_reader(feed)
    with pytest.raises(UnavailableError):
        reader.remembered(now=NOW)

    reader.remembered(now=NOW + 3600)

    # From where it failed up to its own end; then the window since it began.
    assert [(after, until) for _, after, until in feed.asked[1:]] == [
        (f"{(NOW - 3720) * 1000:014d}", f"{(NOW + 10) * 1000 + 1:014d}"),
        (f"{(NOW - 21) * 1000:014d}", f"{(NOW + 3610) * 1000 + 1:014d}"),
    ]


def test_a_sandbox_draws_its_copy_when_it_first_reads_and_keeps_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = iter([7, 2])
    monkeypatch.setattr(secrets, "randbelow", lambda _: next(drawn))
    feed = RecordedFeed()
    one, other = a_reader(feed, copies=10), a_reader(feed, copies=10)

    for now in (NOW, NOW + 5):
        one.remembered(now=now)
    other.remembered(now=NOW)

    assert [copy for copy, _, _ in feed.asked] == [7, 7, 2]


def test_each_copy_is_drawn() -> None:
    feed = RecordedFeed()
    for _ in range(60):
        a_reader(feed, copies=3).remembered(now=NOW)

    assert {copy for copy, _, _ in feed.asked} == {0, 1, 2}
