"""What a reader of the feed remembers: any order, any number of times, until no token can live any more."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescind.rules.lifetimes import ACCESS_TOKEN_CEILING_SECONDS
from rescind.rules.remembered import KnownOfUser, Remembered
from rescind.rules.revocations import (
    CLOCK_SECONDS,
    KEPT_SECONDS,
    WRITER_SECONDS,
    Revocation,
    ScopeChanged,
    SessionEnded,
    TokenBlocked,
    TokensEnded,
    UserGone,
)
from rescind.settings import BOUNDS
from tests.things import NOW, SESSION_ID, TOKEN_ID, USER_ID

OTHER = "usr_" + "o" * 21 + "A"
EVERYTHING: list[tuple[int, Revocation]] = [
    (NOW, TokenBlocked(TOKEN_ID, NOW + 900)),
    (NOW - 1, SessionEnded(USER_ID, SESSION_ID)),
    (NOW + 2, TokensEnded(USER_ID, 8, NOW)),
    (NOW, TokensEnded(USER_ID, 7, NOW - 5)),
    (NOW - 3, ScopeChanged(USER_ID, "orders:read", 6)),
    (NOW - 4, ScopeChanged(USER_ID, "orders:read orders:write", 7)),
]


def remembering(*announced: tuple[int, Revocation]) -> Remembered:
    remembered = Remembered()
    remembered.learn(announced)
    return remembered


def known(remembered: Remembered) -> tuple[bool, bool, KnownOfUser]:
    return (
        remembered.has_ended(TOKEN_ID),
        remembered.has_ended(SESSION_ID),
        remembered.of_user(USER_ID),
    )


def test_of_whom_nothing_was_announced_nothing_is_known() -> None:
    assert known(Remembered()) == (False, False, KnownOfUser())
    assert remembering((NOW, UserGone(OTHER))).of_user(USER_ID) == KnownOfUser()


def test_neither_the_order_nor_how_often_it_is_told_matters() -> None:
    expected = KnownOfUser(is_gone=False, lowest_version=8, scope="orders:read orders:write", revision=7)

    for order in permutations(EVERYTHING):
        remembered = remembering(*order, *order)
        assert known(remembered) == (True, True, expected)
        assert len(remembered) == 3


def test_a_user_who_is_gone_stays_so() -> None:
    gone = remembering((NOW, UserGone(USER_ID)), *EVERYTHING)

    assert gone.of_user(USER_ID).is_gone


@given(
    st.lists(st.tuples(st.sampled_from(["orders:read", "orders:write", ""]), st.integers(0, 5)), min_size=1)
)
def test_the_highest_revision_says_what_is_granted(changes: list[tuple[str, int]]) -> None:
    remembered = remembering(*((NOW, ScopeChanged(USER_ID, *change)) for change in changes))

    highest = max(revision for _, revision in changes)
    user = remembered.of_user(USER_ID)
    assert user.revision == highest
    assert (user.scope, highest) in changes


def test_it_is_forgotten_when_no_token_of_before_can_live() -> None:
    remembered = remembering((NOW, SessionEnded(USER_ID, SESSION_ID)), (NOW, TokensEnded(USER_ID, 8, NOW)))

    remembered.forget(now=NOW + KEPT_SECONDS)
    assert known(remembered) == (False, True, KnownOfUser(lowest_version=8))

    remembered.forget(now=NOW + KEPT_SECONDS + 61)
    assert known(remembered) == (False, False, KnownOfUser())
    assert len(remembered) == 0


def test_what_was_announced_anew_is_kept_for_as_long_again() -> None:
    remembered = remembering(
        (NOW, SessionEnded(USER_ID, SESSION_ID)),
        (NOW, TokenBlocked(TOKEN_ID, NOW)),
        (NOW + 1000, SessionEnded(USER_ID, SESSION_ID)),
        (NOW + 10, SessionEnded(USER_ID, SESSION_ID)),
    )

    remembered.forget(now=NOW + KEPT_SECONDS + 1)

    assert known(remembered)[:2] == (False, True)


@pytest.mark.parametrize("back", [1, 59, 100_000])
def test_a_clock_that_is_set_back_makes_nothing_be_forgotten(back: int) -> None:
    remembered = remembering((NOW, SessionEnded(USER_ID, SESSION_ID)))

    remembered.forget(now=NOW + 60)
    remembered.forget(now=NOW + 60 - back)
    assert remembered.has_ended(SESSION_ID)

    remembered.forget(now=NOW + KEPT_SECONDS + 61)
    assert not remembered.has_ended(SESSION_ID)


def test_an_older_announcement_that_is_told_later_makes_nothing_be_forgotten_sooner() -> None:
    remembered = Remembered()
    remembered.learn(
        [(NOW, SessionEnded(USER_ID, SESSION_ID)), (NOW - 1000, SessionEnded(USER_ID, SESSION_ID))]
    )

    remembered.forget(now=NOW + KEPT_SECONDS)
    assert remembered.has_ended(SESSION_ID)
    remembered.forget(now=NOW + KEPT_SECONDS + 61)
    assert not remembered.has_ended(SESSION_ID)


def test_what_was_revoked_before_anybody_announced_is_dead_when_the_mode_is_changed() -> None:
    # Who wrote last without announcing did so as late as it may by its clock. A token of before lives for as
    # long as any may, by an issuer's clock that is ahead and a reader's that is behind.
    longest_life = ACCESS_TOKEN_CEILING_SECONDS + BOUNDS["LEEWAY_SECONDS"][1]

    assert WRITER_SECONDS + longest_life + 2 * CLOCK_SECONDS <= KEPT_SECONDS
