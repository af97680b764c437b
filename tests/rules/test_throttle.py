"""Rule 23 of docs/rules.md: no stretch of a window's length lets more failures pass than its limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescind.reasons import Reason
from rescind.rules.throttle import Full, Tally, Window, counted, given_back, network_of, windows_of
from tests.things import NOW


def a_window(limit: int = 3, slots: int = 15, slot_seconds: int = 60) -> Window:
    return Window("bucket", limit, slots, slot_seconds, Reason.TOO_MANY_FROM_NETWORK)


def tally_of(*moments: int, window: Window) -> Tally:
    tally = Tally(0, {})
    for moment in moments:
        outcome = counted(tally, window, now=moment)
        assert isinstance(outcome, Tally)
        tally = outcome
    return tally


steps = st.lists(st.integers(0, 400), max_size=60)


@given(limit=st.integers(1, 6), waits=steps)
def test_no_stretch_of_the_windows_length_lets_more_pass_than_the_limit(limit: int, waits: list[int]) -> None:
    window = a_window(limit)
    now, tally, passed = NOW, None, []

    for wait in waits:
        now += wait
        outcome = counted(tally, window, now=now)
        if isinstance(outcome, Tally):
            tally = outcome
            passed.append(now)

    for begin in passed:
        assert sum(begin <= moment < begin + 15 * 60 for moment in passed) <= limit


@given(limit=st.integers(1, 6), waits=steps)
def test_who_is_refused_is_told_the_first_second_at_which_there_is_room(limit: int, waits: list[int]) -> None:
    window = a_window(limit)
    now, tally = NOW, None

    for wait in waits:
        now += wait
        outcome = counted(tally, window, now=now)
        if isinstance(outcome, Tally):
            tally = outcome
        else:
            assert 1 <= outcome.retry_after <= 16 * 60
            assert isinstance(counted(tally, window, now=now + outcome.retry_after - 1), Full)
            assert isinstance(counted(tally, window, now=now + outcome.retry_after), Tally)


def test_a_failure_is_forgotten_one_slot_after_the_window_at_the_latest() -> None:
    window = a_window(limit=1)
    begin = NOW - NOW % 60
    tally = tally_of(begin, window=window)

    assert counted(tally, window, now=begin + 16 * 60 - 1) == Full(1)
    assert isinstance(counted(tally, window, now=begin + 16 * 60), Tally)


def test_there_is_no_seam_at_which_twice_the_limit_passes() -> None:
    window = a_window(limit=3)
    seam = NOW - NOW % (15 * 60)
    tally = tally_of(seam - 1, seam - 1, seam - 1, window=window)

    assert isinstance(counted(tally, window, now=seam), Full)


def test_what_is_given_back_makes_room_again() -> None:
    window = a_window(limit=2)
    tally = tally_of(NOW, NOW, window=window)

    assert given_back(tally, window, now=NOW).total == 1
    assert isinstance(counted(given_back(tally, window, now=NOW), window, now=NOW), Tally)


def test_no_more_is_given_back_than_was_counted() -> None:
    window = a_window()
    tally = tally_of(NOW, window=window)

    once = given_back(tally, window, now=NOW)

    assert given_back(once, window, now=NOW) == once
    assert given_back(tally, window, now=NOW - 3600) == tally


def test_a_row_remembers_no_more_slots_than_the_window_has() -> None:
    window = a_window(limit=1000)

    tally = tally_of(*range(NOW, NOW + 7200, 30), window=window)

    assert len(tally.failures) <= 16


def test_a_clock_that_is_behind_counts_all_the_same() -> None:
    window = a_window(limit=2)
    tally = tally_of(NOW, NOW - 65, window=window)

    assert isinstance(counted(tally, window, now=NOW), Full)
    assert isinstance(counted(tally, window, now=NOW - 65), Full)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        pytest.param("192.0.2.77", "192.0.2.0/24", id="IPv4"),
        pytest.param("::ffff:192.0.2.77", "192.0.2.0/24", id="IPv4 in IPv6"),
        pytest.param("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", id="IPv6"),
        pytest.param("test-invoke-source-ip", "test-invoke-source-ip", id="the console's test"),
    ],
)
def test_neighbours_count_as_one_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_guess_counts_for_the_account_from_here_for_the_account_and_for_the_network() -> None:
    def buckets(username: str, address: str) -> list[str]:
        windows = windows_of(
            username, address=address, per_account_and_network=10, per_account=100, per_network=300
        )
        assert [window.limit for window in windows] == [10, 100, 300]
        assert [window.slots * window.slot_seconds for window in windows] == [900, 86_400, 900]
        return [window.bucket for window in windows]

    ada, ada_elsewhere, bob = (
        buckets("ada", "192.0.2.1"),
        buckets("ada", "198.51.100.1"),
        buckets("bob", "192.0.2.9"),
    )

    assert len({*ada, *ada_elsewhere, *bob}) == 7
    assert ada[1] == ada_elsewhere[1]
    assert ada[2] == bob[2]


def test_a_bucket_does_not_tell_what_was_typed_and_is_of_bounded_length() -> None:
    windows = windows_of(
        "correct-horse" * 1000, address="192.0.2.1", per_account_and_network=1, per_account=1, per_network=1
    )

    assert all("horse" not in window.bucket and len(window.bucket) < 200 for window in windows)
