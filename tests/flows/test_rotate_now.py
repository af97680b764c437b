"""Rotation before its time: what one run writes, and what is left when another overtakes it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from rescind.flows.rotate import TakesOver, rotate
from rescind.rules.key_set import KeyEntry, Purpose
from rescind.unavailable import UnavailableError
from tests.flows.test_revoke_key import DAY, TODAY, Keys
from tests.things import NOW

IN_TIME = TODAY + 631
"""From when everybody goes by what is written today."""


@pytest.fixture
def keys() -> Keys:
    """For access tokens 0, which signs, and 1, which is ahead; for refresh tokens 2 and 3."""
    keys = Keys()
    keys.rotate(now=NOW)
    return keys


def entries(keys: Keys, purpose: Purpose = Purpose.ACCESS_TOKEN) -> tuple[KeyEntry, ...]:
    return keys.tables.key_sets[purpose].entries


def starts(keys: Keys) -> list[tuple[str, int]]:
    return [(entry.key_id, entry.signs_from) for entry in entries(keys)]


def overtaken(keys: Keys, *others: Callable[[Keys], object]) -> None:
    """What others do between our reads and our writes."""
    keys.meanwhile = [lambda each=each: each(Keys(keys.tables, keys.names)) for each in others]  # type: ignore[misc]


def test_one_write_of_a_set_brings_a_key_forward_and_adds_the_next(keys: Keys) -> None:
    following = keys.rotate_now()

    for purpose in Purpose:
        first, second, third = entries(keys, purpose)
        assert following[purpose] == TakesOver(second, changed=True)
        assert [first.signs_from, second.signs_from, third.signs_from] == [0, IN_TIME, IN_TIME + 30 * DAY]
        assert (third.added_at, first.revoked_at) == (TODAY, None)
        assert keys.tables.key_sets[purpose].revision == 2


def test_who_is_about_to_take_over_is_left_to_it(keys: Keys) -> None:
    once = keys.rotate_now()
    written = dict(keys.tables.key_sets)

    for later in (0, 60, 630):
        again = keys.rotate_now(now=TODAY + later)

        assert again == {purpose: replace(once[purpose], changed=False) for purpose in Purpose}
    assert keys.tables.key_sets == written


def test_a_key_never_takes_over_later_for_it(keys: Keys) -> None:
    in_time = entries(keys)[1].signs_from

    keys.rotate_now(now=in_time - 30)

    assert starts(keys)[1] == ("access-token-1", in_time)


def test_one_rotation_after_the_other_gives_each_key_its_hour(keys: Keys) -> None:
    keys.rotate_now()

    second = keys.rotate_now(now=IN_TIME)[Purpose.ACCESS_TOKEN].entry

    assert second.signs_from == second.added_at + 3600 == TODAY + 3600


def test_where_nobody_is_ahead_a_new_key_takes_over_in_an_hour(keys: Keys) -> None:
    key_set = keys.tables.key_sets[Purpose.ACCESS_TOKEN]
    keys.tables.key_sets[Purpose.ACCESS_TOKEN] = replace(key_set, entries=key_set.entries[:1])

    following = keys.rotate_now()[Purpose.ACCESS_TOKEN].entry

    assert (following.added_at, following.signs_from) == (TODAY, TODAY + 3600)
    assert starts(keys)[-1][1] == TODAY + 3600 + 30 * DAY
    assert len(starts(keys)) == 3


def test_of_two_rotations_at_once_one_is_made(keys: Keys) -> None:
    # The other one's clock is behind, so that it would have said another second.
    overtaken(keys, lambda other: other.rotate_now(now=TODAY + 20))

    following = keys.rotate_now()

    assert following[Purpose.ACCESS_TOKEN] == TakesOver(entries(keys)[1], changed=False)
    assert starts(keys)[1:] == [
        ("access-token-1", IN_TIME + 20),
        (starts(keys)[2][0], IN_TIME + 20 + 30 * DAY),
    ]
    assert keys.tables.key_sets[Purpose.ACCESS_TOKEN].revision == 2


def test_a_rotation_that_a_daily_run_overtakes_is_made_all_the_same(keys: Keys) -> None:
    month = NOW + 29 * DAY + 1
    overtaken(keys, lambda other: other.rotate(now=month))

    following = keys.rotate_now(now=month)[Purpose.ACCESS_TOKEN].entry

    assert (following.key_id, following.signs_from) == ("access-token-1", month + 631)
    assert len(starts(keys)) == 3


def test_a_daily_run_that_a_rotation_overtakes_adds_nothing_of_its_own(keys: Keys) -> None:
    month = NOW + 29 * DAY + 1
    overtaken(keys, lambda other: other.rotate_now(now=month))

    added = rotate(Purpose.ACCESS_TOKEN, key_sets=keys, new_entry=keys.new_entry, rotation_days=30, now=month)

    assert added == 0
    assert [start for _, start in starts(keys)][:2] == [0, month + 631]
    assert len(starts(keys)) == 3


def test_a_rotation_that_a_revocation_of_the_next_key_overtakes_takes_the_one_behind_it(keys: Keys) -> None:
    overtaken(keys, lambda other: other.revoke("access-token-1"))

    following = keys.rotate_now()[Purpose.ACCESS_TOKEN].entry

    # The other run has added that one, and it is an hour old when it signs.
    assert following.key_id not in {"access-token-0", "access-token-1"}
    assert (following.added_at, following.signs_from) == (TODAY, TODAY + 3600)


def test_a_revocation_that_a_rotation_overtakes_revokes_and_the_next_key_signs_at_once(keys: Keys) -> None:
    overtaken(keys, lambda other: other.rotate_now())

    keys.revoke("access-token-0")

    assert [entry.revoked_at for entry in entries(keys)] == [TODAY, None, None]
    assert keys.signing(Purpose.ACCESS_TOKEN, now=TODAY) == "access-token-1"


def test_a_key_that_was_brought_forward_and_is_revoked_before_it_signs_leaves_the_current_one_alone(
    keys: Keys,
) -> None:
    keys.rotate_now()

    keys.revoke("access-token-1", now=TODAY + 300)

    for seconds in (300, 630, 631, 3600, DAY):
        assert keys.signing(Purpose.ACCESS_TOKEN, now=TODAY + seconds) == "access-token-0"


def test_a_rotation_does_not_pretend_when_it_never_wins(keys: Keys) -> None:
    def touch(_: Keys) -> None:
        old = keys.tables.key_sets[Purpose.ACCESS_TOKEN]
        keys.tables.key_sets[Purpose.ACCESS_TOKEN] = replace(old, revision=old.revision + 1)

    overtaken(keys, *[touch] * 9)

    with pytest.raises(UnavailableError):
        keys.rotate_now()
    assert len(keys.meanwhile) == 6
