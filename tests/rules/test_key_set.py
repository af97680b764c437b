"""Which key signs and which keys verify, at a given second and then over years of daily runs."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.rules.key_set import KeyEntry, KeySet, Purpose, missing_starts, signer, verifiers
from tests.things import NOW

DAY = 86_400
ROTATION = 30 * DAY
# What a signature may live, and 60 s for clocks: 3600 s for an access token, a year for a refresh token.
WINDOWS = {Purpose.ACCESS_TOKEN: 3660, Purpose.REFRESH_TOKEN: 31_536_060}
LIVES = {Purpose.ACCESS_TOKEN: 3600, Purpose.REFRESH_TOKEN: 31_536_000}


def entry(key_id: str, signs_from: int, *, revoked_at: int | None = None) -> KeyEntry:
    return KeyEntry(key_id, signs_from, b"encrypted", revoked_at=revoked_at)


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
    found = signer(key_set(*entries), at=at)

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

    found = signer(key_set(*entries), at=NOW + DAY + 1)

    assert found is not None
    assert found.key_id == "next"


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


def test_a_revoked_successor_does_not_end_the_key_before_it() -> None:
    keys = key_set(FIRST, revoked(SECOND), THIRD)

    assert ids(verifiers(keys, now=NOW + ROTATION + 3659)) == ["first", "third"]
    assert ids(verifiers(keys, now=NOW + ROTATION + 3660)) == ["third"]


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
            [revoked(FIRST), THIRD],
            [NOW + 2 * ROTATION],
            id="one ahead of the one that signs early for a revoked one",
        ),
        pytest.param(
            [entry("a", NOW - DAY), entry("b", NOW - DAY + ROTATION, revoked_at=1)],
            [NOW - DAY + ROTATION],
            id="another ahead for a revoked one",
        ),
        pytest.param([revoked(FIRST)], [NOW + 3600, NOW + 3600 + ROTATION], id="two when all are revoked"),
        pytest.param(
            [FIRST, revoked(SECOND)],
            [NOW + 3600, NOW + 3600 + ROTATION],
            id="two when only a retired one is left",
        ),
    ],
)
def test_what_is_missing_is(entries: list[KeyEntry], starts: list[int]) -> None:
    assert list(missing_starts(key_set(*entries), now=NOW, rotation_seconds=ROTATION)) == starts


def test_when_all_are_revoked_a_new_key_signs_before_its_hour_has_passed() -> None:
    entries = (revoked(FIRST), entry("new", NOW + 3600), entry("next", NOW + 3600 + ROTATION))

    found = signer(key_set(*entries), at=NOW)

    assert found is not None
    assert found.key_id == "new"


# Years of daily runs


def after_a_run(keys: KeySet, *, now: int, rotation_days: int) -> KeySet:
    starts = missing_starts(keys, now=now, rotation_seconds=rotation_days * DAY)
    added = tuple(entry(f"key {len(keys.entries) + n}", start) for n, start in enumerate(starts))
    return replace(keys, entries=(*keys.entries, *added))


def after_revoking(which: str, keys: KeySet, *, now: int) -> KeySet:
    chosen = {
        "what signs": [signer(keys, at=now)],
        "what is ahead": keys.entries[-1:],
        "all": keys.entries,
    }[which]
    return replace(keys, entries=tuple(revoked(one) if one in chosen else one for one in keys.entries))


@settings(deadline=None, max_examples=40)
@given(
    purpose=st.sampled_from(Purpose),
    rotation_days=st.lists(st.sampled_from([1, 2, 7, 30, 365]), min_size=1, max_size=3),
    revocations=st.dictionaries(
        st.integers(1, 500), st.sampled_from(["what signs", "what is ahead", "all"]), max_size=12
    ),
    second_of_day=st.integers(0, DAY - 1) | st.integers(DAY - 3600, DAY - 1),
)
def test_over_years_one_key_signs_one_is_ahead_and_a_signature_verifies_for_its_whole_life(
    purpose: Purpose, rotation_days: list[int], revocations: dict[int, str], second_of_day: int
) -> None:
    keys = KeySet(purpose, revision=0, entries=())
    signed_last: dict[str, int] = {}  # when each key signed last, in the order in which they began to

    for day in range(500):
        now = NOW + day * DAY
        rotation = rotation_days[day % len(rotation_days)]
        keys = after_a_run(keys, now=now, rotation_days=rotation)
        if day in revocations:
            keys = after_revoking(revocations[day], keys, now=now)
            keys = after_a_run(keys, now=now, rotation_days=rotation)

        ahead = [one for one in keys.entries if one.signs_from > now and one.revoked_at is None]
        assert any(one != signer(keys, at=now) for one in ahead)

        current = signer(keys, at=now + second_of_day)
        assert current is not None
        signed_last[current.key_id] = now + second_of_day
        assert current.key_id == list(signed_last)[-1], "a retired key signs again"

        verifying = set(ids(verifiers(keys, now=now)))
        unrevoked = set(ids(one for one in keys.entries if one.revoked_at is None))
        alive = {key_id for key_id, at in signed_last.items() if now <= at + LIVES[purpose]}
        assert alive & unrevoked <= verifying <= unrevoked
