"""100,000 revocations in memory: how much they take, and how long it takes to learn and to forget them."""

import tracemalloc
from collections.abc import Callable
from time import perf_counter

import pytest

from rescind import ids
from rescind.rules.remembered import Remembered
from rescind.rules.revocations import Revocation, SessionEnded, TokenBlocked, TokensEnded
from tests.things import NOW

REVOCATIONS = 100_000
MEGABYTES = 40


def a_hundred_thousand() -> list[tuple[int, Revocation]]:
    """Half of them sessions, as of logouts; tokens; and users who have a new version."""

    def one(number: int) -> Revocation:
        match number % 4:
            case 0 | 1:
                return SessionEnded(ids.new_user_id(), ids.new_ids().session_id)
            case 2:
                return TokenBlocked(ids.new_token_id(), NOW + 900)
            case _:
                return TokensEnded(ids.new_user_id(), 8, NOW)

    return [(NOW - 3600 + number * 3600 // REVOCATIONS, one(number)) for number in range(REVOCATIONS)]


@pytest.mark.soak
def test_what_is_remembered_takes_little_memory_and_is_learned_and_forgotten_quickly(
    say: Callable[[str], None],
) -> None:
    announced = a_hundred_thousand()
    began = perf_counter()
    warm = Remembered()
    warm.learn(announced)
    learned, began = perf_counter() - began, perf_counter()
    warm.forget(now=NOW + 10_000)
    forgot = perf_counter() - began
    assert len(warm) == 0

    tracemalloc.start()
    remembered = Remembered()
    remembered.learn(announced)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The texts of the ids are the rows', which are not kept.
    held += sum(len(name) + 49 for name in remembered._announced)  # noqa: SLF001 - what it holds
    say(f"{REVOCATIONS:,}: {held / 1e6:.1f} MB, learned in {learned:.2f} s, forgotten in {forgot:.2f} s")
    assert held <= MEGABYTES * 1e6
