"""Which key signs and which keys verify, at a given second and then over years of daily runs."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.rules.key_changes import missing_starts, with_revoked, worth_keeping
from rescind.rules.key_set import KeyEntry, KeySet, Purpose, signer, verifiers
from tests.things import NOW

DAY = 86_400
ROTATION = 30 * DAY
# What a signature may live, and 60 s for clocks: 3600 s for an access token, a year for a refresh token.
WINDOWS = {Purpose.ACCESS_TOKEN: 3660, Purpose.REFRESH_TOKEN: 31_536_060}
LIVES = {Purpose.ACCESS_TOKEN: 3600, Purpose.REFRESH_TOKEN: 31_536_000}


def entry(key_id: str, signs_from: int, *, revoked_at: int | None = None, added_at: int = 0) -> KeyEntry:
    return KeyEntry(key_id, signs_from, b"encrypted", revoked_at=revoked_at, added_at=added_at)


def key_set(*entries: KeyEntry, purpose: Purpose = Purpose.ACCESS_TOKEN) -> KeySet:
    return KeySet(purpose, revision=1, entries=entries)


def ids(entries: Iterable[KeyEntry]) -> list[str]:
    return [entry.key_id for entry in entries]


def revoked(one: KeyEntry) -> KeyEntry:
    return replace(one, revoked_at=1)


FIRST = entry("first", 0)
SECOND = entry("second", NOW)
THIRD = entry("third", NOW + ROTATION)


# Which entry signs


@pytest.mark.parametrize(
    ("entries", "at", "signs"),
    [
        pytest.param([FIRST], NOW, "first", id="the first one, at once"),
        pytest.param([FIRST, SECOND], NOW - 1, "first", id="the second before the next one's time"),
        pytest.param([FIRST, SECOND], NOW, "second", id="the second in which the next one's time comes"),
        pytest.param([FIRST, SECOND, THIRD], NOW + 1, "second", id="none before its time"),
        pytest.param([FIRST, SECOND, THIRD], 5, "first", id="the one of a second long ago"),
        pytest.param(
            [revoked(FIRST), SECOND], NOW - 1, "second", id="the next one at once, for a revoked one"
        ),
        pytest.param(
            [FIRST, revoked(SECOND)], NOW - 1, "first", id="as before, when the next one is revoked"
        ),
        pytest.param(
            [FIRST, revoked(SECOND), THIRD], NOW, "third", id="the one ahead, never the retired one again"
        ),
        pytest.param([FIRST, revoked(SECOND)], NOW, None, id="nobody rather than the retired one"),
        pytest.param(
            [revoked(FIRST), revoked(SECOND), THIRD], 5, "third", id="the first unrevoked one that is ahead"
        ),
        pytest.param([revoked(FIRST)], NOW, None, id="nobody when all are revoked"),
        pytest.param([], NOW, None, id="nobody in an empty set"),
        pytest.param([entry("a", 0, revoked_at=0)], NOW, None, id="revoked at second 0 is revoked"),
        pytest.param([entry("a", 0, revoked_at=NOW + 9)], NOW, None, id="revoked in the future is revoked"),
    ],
)
def test_the_signer_is(entries: list[KeyEntry], at: int, signs: str | None) -> None:
    found = signer(key_set(*entries), at=at, now=NOW + 9)

    assert (found and found.key_id) == signs


def test_a_retired_key_never_signs_again_when_the_rotation_was_shortened_between_revocations() -> None:
    # Two entries were published a year ahead and revoked; then keys that sign for a day each followed.
    entries = [
        FIRST,
        entry("year ahead", NOW + 365 * DAY, revoked_at=1),
        entry("more than a year ahead", NOW + 366 * DAY, revoked_at=1),
        entry("retired", NOW),
        entry("current", NOW + DAY, revoked_at=1),
        entry("next", NOW + 2 * DAY),
    ]

    found = signer(key_set(*entries), at=NOW + DAY + 1, now=NOW + DAY + 1)

    assert found is not None
    assert found.key_id == "next"


@pytest.mark.parametrize("at", [NOW, NOW - 600], ids=["now", "within a grace"])
def test_a_key_takes_over_early_once_everybody_knows_it(at: int) -> None:
    # 60 s until a set is read again, 10 s that its clock may go back, 10 s that two clocks may differ, and
    # 10 s that the run which wrote the key may have taken.
    keys = key_set(revoked(FIRST), entry("new", NOW + 3600, added_at=NOW - 50))

    assert signer(keys, at=at, now=NOW + 39) is None
    assert signer(keys, at=at, now=NOW + 40) == keys.entries[1]


def test_one_that_is_known_does_not_pass_one_that_is_not() -> None:
    keys = key_set(revoked(FIRST), entry("new", NOW + 3600, added_at=NOW), entry("newer", NOW + ROTATION))

    assert signer(keys, at=NOW, now=NOW) is None


def test_a_key_that_retired_before_its_time_came_never_signs_again() -> None:
    # It took over early, the rotation was shortened, and then its successor is revoked.
    early, short = entry("early", NOW + 300 * DAY), entry("short", NOW, revoked_at=1)
    keys = key_set(revoked(FIRST), early, short, entry("next", NOW + DAY))

    assert signer(keys, at=NOW, now=NOW) == keys.entries[3]


# Which entries verify


@pytest.mark.parametrize("purpose", Purpose)
def test_a_retired_key_verifies_until_the_last_thing_it_signed_is_dead(purpose: Purpose) -> None:
    keys = key_set(FIRST, SECOND, purpose=purpose)

    assert ids(verifiers(keys, now=NOW + WINDOWS[purpose] - 1)) == ["first", "second"]
    assert ids(verifiers(keys, now=NOW + WINDOWS[purpose])) == ["second"]


def test_a_key_verifies_from_when_it_is_published() -> None:
    assert ids(verifiers(key_set(FIRST, THIRD), now=NOW)) == ["first", "third"]


def test_a_key_without_successor_verifies_for_ever() -> None:
    assert ids(verifiers(key_set(FIRST), now=NOW + 1000 * ROTATION)) == ["first"]


@pytest.mark.parametrize("revoked_at", [0, NOW - 1, NOW + 9], ids=["second 0", "the past", "the future"])
def test_a_revoked_key_never_verifies_and_no_other_key_is_touched(revoked_at: int) -> None:
    keys = key_set(FIRST, entry("second", NOW, revoked_at=revoked_at), THIRD)

    assert ids(verifiers(keys, now=NOW)) == ["first", "third"]


def test_a_retired_key_does_not_verify_again_when_its_successor_is_revoked() -> None:
    keys = key_set(FIRST, revoked(SECOND), THIRD)

    assert ids(verifiers(keys, now=NOW + 3659)) == ["first", "third"]
    assert ids(verifiers(keys, now=NOW + 3660)) == ["third"]


def test_a_key_that_took_over_early_and_retired_does_not_verify_until_its_own_time_comes() -> None:
    keys = key_set(revoked(FIRST), entry("a year ahead", NOW + 365 * DAY), SECOND)

    assert ids(verifiers(keys, now=NOW + 3659)) == ["a year ahead", "second"]
    assert ids(verifiers(keys, now=NOW + 3660)) == ["second"]


def test_nothing_verifies_in_an_empty_set() -> None:
    assert verifiers(key_set(), now=NOW) == []


# Which entries must be added


@pytest.mark.parametrize(
    ("entries", "starts"),
    [
        pytest.param([], [0, NOW + ROTATION], id="two to begin with, the first signs at once"),
        pytest.param([entry("a", 0)], [NOW + ROTATION], id="one ahead of the very first"),
        pytest.param(
            [entry("a", NOW - 9)], [NOW - 9 + ROTATION], id="one ahead, a rotation after the current"
        ),
        pytest.param([FIRST, THIRD], [], id="none while one is ahead"),
        pytest.param([FIRST, entry("b", NOW + DAY + 1)], [], id="none while one is ahead for a day"),
        pytest.param(
            [FIRST, entry("b", NOW + DAY)],
            [NOW + DAY + ROTATION],
            id="one when the next one's time comes before the next run",
        ),
        pytest.param([FIRST, SECOND], [NOW + ROTATION], id="one in the second in which its time has come"),
        pytest.param(
            [entry("a", NOW - 10 * ROTATION)], [NOW + 3600], id="an hour ahead at least, however late the run"
        ),
        pytest.param(
            [revoked(FIRST), entry("early", NOW + 300 * DAY), entry("current", NOW)],
            [NOW + ROTATION],
            id="one ahead of the current, whatever is ahead of one that has retired",
        ),
        pytest.param(
            [revoked(FIRST), entry("b", NOW + 9 * DAY)],
            [NOW + ROTATION],
            id="one a rotation after the one that took over early did so",
        ),
        pytest.param(
            [entry("a", NOW - DAY), entry("b", NOW - DAY + ROTATION, revoked_at=1)],
            [NOW - DAY + ROTATION],
            id="another ahead for a revoked one",
        ),
        pytest.param([revoked(FIRST)], [NOW + 3600, NOW + 3600 + ROTATION], id="two when all are revoked"),
        pytest.param(
            [revoked(FIRST), entry("b", NOW + 3600, added_at=NOW), THIRD],
            [],
            id="none while the next one is not known yet",
        ),
        pytest.param(
            [FIRST, revoked(SECOND)],
            [NOW + 3600, NOW + 3600 + ROTATION],
            id="two when only a retired one is left",
        ),
    ],
)
def test_what_is_missing_is(entries: list[KeyEntry], starts: list[int]) -> None:
    assert list(missing_starts(key_set(*entries), now=NOW, rotation_seconds=ROTATION)) == starts


# What revoking changes


@pytest.mark.parametrize(
    ("entries", "key_id", "left"),
    [
        pytest.param([FIRST, THIRD], "first", ["first*", "third"], id="the one that signs, where it stands"),
        pytest.param([FIRST, SECOND, THIRD], "first", ["first*", "second", "third"], id="a retired one too"),
        pytest.param([FIRST, THIRD], "third", ["third*", "first"], id="one that is ahead goes to the front"),
        pytest.param(
            [revoked(FIRST), THIRD], "third", ["first*", "third*"], id="one that took over early has begun"
        ),
        pytest.param(
            [revoked(FIRST), entry("new", NOW + 3600, added_at=NOW)],
            "new",
            ["new*", "first*"],
            id="one that was to take over and is not known yet has not",
        ),
        pytest.param([FIRST, THIRD], "unknown", ["first", "third"], id="nothing for an unknown id"),
    ],
)
def test_what_is_left_is(entries: list[KeyEntry], key_id: str, left: list[str]) -> None:
    found = with_revoked(key_set(*entries), {key_id}, now=NOW)

    assert [one.key_id + "*" * (one.revoked_at is not None) for one in found] == left


def test_a_key_that_was_revoked_before_keeps_its_second() -> None:
    keys = key_set(entry("first", 0, revoked_at=0), THIRD)

    [first, third] = with_revoked(keys, {"first", "third"}, now=NOW)

    assert (first.revoked_at, third.revoked_at) == (0, NOW)


def test_the_current_key_signs_on_when_the_one_ahead_is_revoked_a_minute_before_its_time() -> None:
    entries = with_revoked(key_set(FIRST, entry("ahead", NOW + 60)), {"ahead"}, now=NOW)
    keys = key_set(*entries, entry("new", NOW + 3600, added_at=NOW))

    assert [signer(keys, at=at, now=at) for at in (NOW + 59, NOW + 60, NOW + 3599)] == [FIRST] * 3


# Which entries are worth keeping


@pytest.mark.parametrize(
    ("entries", "kept"),
    [
        pytest.param([FIRST, SECOND], ["second"], id="not what has retired and verifies no more"),
        pytest.param([revoked(FIRST), SECOND], ["second"], id="not a revoked one that was followed"),
        pytest.param(
            [FIRST, revoked(SECOND), entry("later", NOW + 300 * DAY)],
            ["second", "later"],
            id="a revoked one that nobody has followed yet",
        ),
        pytest.param([revoked(FIRST)], ["first"], id="never nothing"),
    ],
)
def test_what_is_worth_keeping_is(entries: list[KeyEntry], kept: list[str]) -> None:
    assert ids(worth_keeping(key_set(*entries), now=NOW + 3600 + 3660)) == kept


@pytest.mark.parametrize("entries", [[FIRST, SECOND], [revoked(FIRST), SECOND]], ids=["retired", "revoked"])
def test_an_entry_is_kept_an_hour_longer_for_who_looks_back(entries: list[KeyEntry]) -> None:
    over = NOW if entries[0].revoked_at is not None else NOW + 3660

    assert len(worth_keeping(key_set(*entries), now=over + 3599)) == 2
    assert len(worth_keeping(key_set(*entries), now=over + 3600)) == 1


# Years of daily runs


def after_a_run(keys: KeySet, *, now: int, rotation_days: int) -> KeySet:
    starts = missing_starts(keys, now=now, rotation_seconds=rotation_days * DAY)
    added = tuple(entry(f"{keys.revision} {n}", start, added_at=now) for n, start in enumerate(starts))
    return replace(keys, revision=keys.revision + 1, entries=(*keys.entries, *added)) if added else keys


REVOCATIONS = ["what signs", "what is ahead", "what signs and what is ahead", "all"]


def after_revoking(which: str, keys: KeySet, *, now: int) -> KeySet:
    current = signer(keys, at=now, now=now)
    chosen = {
        "what signs": [current.key_id] if current else [],
        "what is ahead": ids(keys.entries[-1:]),
        "what signs and what is ahead": [*([current.key_id] if current else []), keys.entries[-1].key_id],
        "all": ids(keys.entries),
    }[which]
    return replace(keys, entries=with_revoked(keys, chosen, now=now))


@settings(deadline=None, max_examples=30)
@given(
    purpose=st.sampled_from(Purpose),
    rotation_days=st.lists(st.sampled_from([1, 2, 7, 30, 365]), min_size=1, max_size=3),
    revocations=st.dictionaries(
        st.integers(1, 500),
        st.sampled_from(REVOCATIONS),
        max_size=12,
    ),
    second_of_day=st.integers(0, DAY - 1) | st.integers(DAY - 3600, DAY - 1) | st.integers(0, 90),
)
def test_over_years_one_key_signs_one_is_ahead_and_a_signature_verifies_for_its_whole_life(
    purpose: Purpose, rotation_days: list[int], revocations: dict[int, str], second_of_day: int
) -> None:
    keys = KeySet(purpose, revision=0, entries=())
    signed_last: dict[str, int] = {}  # when each key signed last, in the order in which they began to
    revoked_ids: set[str] = set()

    for day in range(500):
        now = NOW + day * DAY
        rotation = rotation_days[day % len(rotation_days)]
        before = keys
        keys = after_a_run(keys, now=now, rotation_days=rotation)
        if day in revocations:
            keys = after_revoking(revocations[day], keys, now=now)
            revoked_ids |= {one.key_id for one in keys.entries if one.revoked_at is not None}
            keys = after_a_run(keys, now=now, rotation_days=rotation)
        if keys is not before:
            keys = replace(keys, entries=worth_keeping(keys, now=now))

        signing = signer(keys, at=now, now=now + 90)
        assert signing is not None
        ahead = keys.entries[keys.entries.index(signing) + 1 :]
        assert any(one.signs_from > now and one.revoked_at is None for one in ahead)

        current = signer(keys, at=now + second_of_day, now=now + second_of_day)
        if current is None:
            assert second_of_day < 90
            assert day in revocations
            continue
        signed_last[current.key_id] = now + second_of_day
        assert current.key_id == list(signed_last)[-1], "a retired key signs again"

        verifying = set(ids(verifiers(keys, now=now)))
        alive = {key_id for key_id, at in signed_last.items() if now <= at + LIVES[purpose]}
        assert alive - revoked_ids <= verifying
        assert not revoked_ids & verifying


def seconds_that_matter(keys: KeySet, *, now: int) -> Iterator[int]:
    """From as long ago as anybody asks for: the edges of all that the entries say."""
    yield from (now - 630, now, now + 400 * DAY)
    for one in keys.entries:
        for edge in (one.signs_from, one.added_at + 90, one.signs_from + WINDOWS[keys.purpose]):
            yield from (at for at in (edge - 1, edge, edge + 1) if at >= now - 630)


def assert_nobody_notices(before: KeySet, after: KeySet, *, now: int) -> None:
    """Whatever is asked of the two sets, now and later, the answers are the same."""
    for at in seconds_that_matter(before, now=now):
        assert signer(before, at=at, now=max(at, now)) == signer(after, at=at, now=max(at, now))
        assert verifiers(before, now=at) == verifiers(after, now=at)


GAPS = [1, 60, 89, 90, 600, 3600, 7260, DAY, 2 * DAY, 30 * DAY, 366 * DAY]


@settings(deadline=None, max_examples=60)
@given(
    purpose=st.sampled_from(Purpose),
    story=st.lists(
        st.tuples(
            st.sampled_from(GAPS), st.sampled_from([1, 30, 365]), st.sampled_from([None, *REVOCATIONS])
        ),
        min_size=1,
        max_size=12,
    ),
)
def test_nobody_notices_that_an_entry_was_dropped(
    purpose: Purpose, story: list[tuple[int, int, str | None]]
) -> None:
    now = NOW
    keys = after_a_run(KeySet(purpose, revision=0, entries=()), now=now, rotation_days=30)
    for gap, rotation_days, revocation in story:
        now += gap
        if revocation:
            keys = after_revoking(revocation, keys, now=now)
        keys = after_a_run(keys, now=now, rotation_days=rotation_days)

        kept = replace(keys, entries=worth_keeping(keys, now=now))

        assert_nobody_notices(keys, kept, now=now)
        for each in REVOCATIONS:
            # Not even once others are revoked.
            assert_nobody_notices(
                after_revoking(each, keys, now=now), after_revoking(each, kept, now=now), now=now
            )
        keys = kept


def test_a_set_does_not_grow_for_ever() -> None:
    sizes = {}
    for purpose in Purpose:
        keys = KeySet(purpose, revision=0, entries=())
        for day in range(800):
            now = NOW + day * DAY
            keys = replace(keys, entries=worth_keeping(keys, now=now))
            keys = after_a_run(keys, now=now, rotation_days=1)
            if day % 10 == 0:
                keys = after_a_run(after_revoking("all", keys, now=now), now=now, rotation_days=1)
        sizes[purpose] = len(keys.entries)

    # Two ahead, the one that signs, and what may still verify; a mac key does so for a year.
    assert sizes[Purpose.ACCESS_TOKEN] <= 5
    assert sizes[Purpose.REFRESH_TOKEN] <= 370
