"""How each key stands: in the words of who looks, and as those decide who sign and verify."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.rules.key_changes import with_next_brought_forward
from rescind.rules.key_set import KeyEntry, KeySet, Purpose, signer, verifiers
from rescind.rules.key_states import KeyState, standing_of, standings
from tests.rules.test_key_set import (
    DAY,
    FIRST,
    GAPS,
    REVOCATIONS,
    SECOND,
    THIRD,
    WINDOWS,
    after_a_run,
    after_revoking,
    entry,
    key_set,
    revoked,
    seconds_that_matter,
)
from tests.things import NOW


@pytest.mark.parametrize(
    ("entries", "states"),
    [
        pytest.param([FIRST, THIRD], ["signs", "next"], id="one signs and one is ahead"),
        pytest.param([FIRST, SECOND, THIRD], ["verifies", "signs", "next"], id="one has been followed"),
        pytest.param(
            [FIRST, entry("b", NOW - 3660), THIRD],
            ["retired", "signs", "next"],
            id="so long ago that it is over",
        ),
        pytest.param([revoked(FIRST), THIRD], ["revoked", "signs"], id="the next one for a revoked one"),
        pytest.param(
            [revoked(FIRST), entry("b", NOW + 3600, added_at=NOW - 89), THIRD],
            ["revoked", "waiting", "next"],
            id="nobody until the next one is known",
        ),
        pytest.param(
            [FIRST, THIRD, entry("d", NOW + 2 * DAY)], ["signs", "next", "next"], id="two are ahead"
        ),
        pytest.param([FIRST, revoked(SECOND)], ["verifies", "revoked"], id="nobody at all"),
        pytest.param([], [], id="an empty set"),
    ],
)
def test_a_key_is_said_to_be(entries: list[KeyEntry], states: list[str]) -> None:
    assert [each.state for each in standings(key_set(*entries), now=NOW)] == states


@pytest.mark.parametrize("purpose", Purpose)
def test_a_followed_key_says_until_when_it_verifies(purpose: Purpose) -> None:
    found = standings(key_set(FIRST, SECOND, THIRD, purpose=purpose), now=NOW)

    assert [each.verifies_until for each in found] == [NOW + WINDOWS[purpose], None, None]


def test_a_key_is_found_by_its_id() -> None:
    keys = key_set(FIRST, SECOND)

    found = standing_of("second", keys, now=NOW)

    assert found is not None
    assert (found.entry, found.state) == (SECOND, KeyState.SIGNS)
    assert standing_of("third", keys, now=NOW) is None


@settings(deadline=None, max_examples=60)
@given(
    purpose=st.sampled_from(Purpose),
    story=st.lists(
        st.tuples(
            st.sampled_from(GAPS),
            st.sampled_from([1, 30, 365]),
            st.sampled_from([None, "rotate", *REVOCATIONS]),
        ),
        min_size=1,
        max_size=12,
    ),
)
def test_what_is_said_of_each_key_is_what_decides(
    purpose: Purpose, story: list[tuple[int, int, str | None]]
) -> None:
    now = NOW
    keys = after_a_run(KeySet(purpose, revision=0, entries=()), now=now, rotation_days=30)
    for gap, rotation_days, change in story:
        now += gap
        if change == "rotate":
            keys = replace(keys, entries=with_next_brought_forward(keys, now=now))
        elif change:
            keys = after_revoking(change, keys, now=now)
        keys = after_a_run(keys, now=now, rotation_days=rotation_days)
        for at in seconds_that_matter(keys, now=now):
            assert_told_as_decided(keys, now=at)


def assert_told_as_decided(keys: KeySet, *, now: int) -> None:
    told = standings(keys, now=now)
    signing = signer(keys, at=now, now=now)
    verifying = verifiers(keys, now=now)

    assert [each.entry for each in told] == list(keys.entries)
    assert [each.entry for each in told if each.state is KeyState.SIGNS] == [
        each for each in [signing] if each
    ]
    # Who waits is the one that will sign when it has been known for long enough.
    for each in told:
        if each.state is KeyState.WAITING:
            assert signer(keys, at=now, now=each.entry.added_at + 90) is each.entry
    over = {KeyState.RETIRED, KeyState.REVOKED}
    assert [each.entry for each in told if each.state not in over] == verifying
    assert all((each.state is KeyState.REVOKED) == (each.entry.revoked_at is not None) for each in told)
    for each in told:
        ends = each.verifies_until
        assert (ends is not None) == (each.state in {KeyState.VERIFIES, KeyState.RETIRED})
        if ends is not None:
            assert each.entry in verifiers(keys, now=ends - 1)
            assert each.entry not in verifiers(keys, now=ends)
