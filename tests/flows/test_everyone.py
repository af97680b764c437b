"""Ending everyone: cut off anywhere, repeated, on clocks that differ, nobody from before gets through."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import pytest

from rescind.flows.everyone import PageEnded, end_page
from rescind.flows.issue import Tokens
from rescind.flows.refresh import Replayed, Rotated
from rescind.model import Lost, Status, UnreadableUser, UserPage, Written
from rescind.unavailable import UnavailableError
from tests.fakes import FakeTables, FakeUsers
from tests.model.world import World, cheap_passwords
from tests.things import NOW, PASSWORD, SETTINGS, USER_ID, a_user

EIGHT = {f"usr_{n:021}A": a_user(user_id=f"usr_{n:021}A", username=f"user-{n}") for n in range(8)}


@pytest.fixture
def tables() -> FakeTables:
    return FakeTables(users=dict(EIGHT))


@dataclass
class Run:
    """What one request after the other comes to."""

    users: Any
    since: int = NOW
    told: list[str] = field(default_factory=list)
    is_late: Callable[[], bool] = lambda: False

    def page(self, *, after: str | None = None, now: int = NOW, segment: int = 0, of: int = 1) -> PageEnded:
        return end_page(
            segment=segment,
            of=of,
            after=after,
            since=self.since,
            users=self.users,
            now=now,
            is_late=self.is_late,
            tell=self.told.append,
        )


def versions(tables: FakeTables) -> list[int]:
    return [user.token_version for _, user in sorted(tables.users.items())]


def test_everyone_is_ended_once_and_told_of(tables: FakeTables) -> None:
    run = Run(FakeUsers(tables))

    pages = [run.page(segment=segment, of=3) for segment in range(3)]

    assert sum(page.revoked for page in pages) == 8
    assert {page.after for page in pages} == {None}
    assert sorted(run.told) == sorted(tables.users)
    assert versions(tables) == [8] * 8
    assert {user.logged_out_at for user in tables.users.values()} == {NOW}


def test_a_disabled_user_is_ended_and_stays_disabled(tables: FakeTables) -> None:
    tables.users = {USER_ID: a_user(status=Status.DISABLED)}

    Run(FakeUsers(tables)).page()

    assert tables.users[USER_ID] == a_user(status=Status.DISABLED, token_version=8, logged_out_at=NOW)


def test_who_was_ended_by_this_run_is_skipped_when_it_begins_again(tables: FakeTables) -> None:
    run = Run(FakeUsers(tables))
    run.page(now=NOW + 10)

    again = run.page(now=NOW + 11)

    assert (again.revoked, again.skipped) == (0, 8)
    assert versions(tables) == [8] * 8


def test_a_page_that_takes_too_long_stops_behind_a_user_and_goes_on_there(tables: FakeTables) -> None:
    run = Run(FakeUsers(tables))
    run.is_late = lambda: len(run.told) % 3 == 0

    first = run.page()
    second = run.page(after=first.after)
    third = run.page(after=second.after)

    assert [page.revoked for page in (first, second, third)] == [3, 3, 2]
    assert third.after is None
    assert versions(tables) == [8] * 8


def test_however_late_it_is_a_page_comes_one_user_further(tables: FakeTables) -> None:
    run = Run(FakeUsers(tables), is_late=lambda: True)
    page, pages = run.page(), 1
    while page.after is not None:
        page, pages = run.page(after=page.after), pages + 1

    assert pages == 8
    assert versions(tables) == [8] * 8


class HasAnUnreadableUser(FakeUsers):
    def page(self, *, segment: int, of: int, after: str | None, limit: int) -> UserPage:
        page = super().page(segment=segment, of=of, after=after, limit=limit)
        return replace(page, rows=(page.rows[0], UnreadableUser("usr_x"), *page.rows[1:]))


def test_a_user_who_cannot_be_read_is_named_and_the_others_are_ended(tables: FakeTables) -> None:
    run = Run(HasAnUnreadableUser(tables))

    page = run.page()

    assert (page.revoked, page.unreadable) == (8, ("usr_x",))
    assert "usr_x" not in run.told


class IsOvertaken(FakeUsers):
    """Between the page and the write another request ends each user, or deletes them."""

    def raise_version(
        self, user_id: str, *, version: int, now: int, status: Status | None = None
    ) -> Written | Lost[Any]:
        if user_id.endswith("3A"):
            self.delete(user_id, now=NOW)
        else:
            super().raise_version(user_id, version=version, now=now)
        return super().raise_version(user_id, version=version, now=now, status=status)


def test_who_is_ended_or_deleted_meanwhile_is_ended(tables: FakeTables) -> None:
    page = Run(IsOvertaken(tables)).page()

    assert page.revoked == 8
    assert versions(tables) == [8] * 7


@dataclass
class Fails:
    """The call of this number fails, before or after it took effect."""

    users: FakeUsers
    at: int
    took_effect: bool
    calls: int = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.users, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            fails = self.calls == self.at
            answer = method(*args, **kwargs) if self.took_effect or not fails else None
            if fails:
                raise UnavailableError("the call failed")
            return answer

        return call


@pytest.mark.parametrize("took_effect", [True, False])
@pytest.mark.parametrize("at", range(1, 10))
def test_a_call_that_fails_loses_nothing_and_the_same_page_again_ends_the_rest(
    tables: FakeTables, at: int, *, took_effect: bool
) -> None:
    run = Run(Fails(FakeUsers(tables), at, took_effect))
    with pytest.raises(UnavailableError):
        run.page(now=NOW + 10)
    told = list(run.told)

    run.page(now=NOW + 11)

    # What was done is known when the call after it fails; only of that call itself nobody knows.
    assert len(told) == max(0, at - 2)
    assert versions(tables) == [8] * 8
    assert len(run.told) == 8 - (took_effect and at > 1)


CLOCKS = (-5, 5)


@pytest.fixture
def _quick() -> Iterator[None]:
    with cheap_passwords():
        yield


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize("clocks", list(product(CLOCKS, repeat=4)))
@pytest.mark.parametrize("seconds_before", [0, 1, 5, 9, 10, 11, 30])
def test_whoever_logged_in_again_before_the_run_is_out_whatever_the_clocks(
    clocks: tuple[int, ...], seconds_before: int
) -> None:
    """A user ends everything and logs in again; then, on other hosts, the run begins and their turn comes."""
    world = World(SETTINGS)
    ended, logged_in, began, turn = clocks
    world.sign_up("ada", PASSWORD)
    [user_id] = world.tables.users
    then = NOW - seconds_before
    world.revoke(user_id, now=then + ended)
    tokens = world.log_in("ada", PASSWORD, now=then + logged_in)
    assert isinstance(tokens, Tokens)

    # The run begins in the second after the login: one of the same second is not before it.
    run = Run(FakeUsers(world.tables), since=NOW + 1 + began)
    page = run.page(now=NOW + 1 + turn)

    assert page.revoked == 1
    assert not alive(world, tokens)


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize("clocks", list(product(CLOCKS, repeat=4)))
def test_whoever_logs_in_after_their_turn_stays_in_when_the_run_is_begun_again(
    clocks: tuple[int, ...],
) -> None:
    """From 20 s after it began on: 10 are asked for, and 10 may be between the two clocks."""
    world = World(SETTINGS)
    began, turn, logged_in, again = clocks
    world.sign_up("ada", PASSWORD)
    run = Run(FakeUsers(world.tables), since=NOW + began)
    run.page(now=NOW + 20 + turn)
    tokens = world.log_in("ada", PASSWORD, now=NOW + 21 + logged_in)
    assert isinstance(tokens, Tokens)

    page = run.page(now=NOW + 22 + again)

    assert page.skipped == 1
    assert alive(world, tokens)


def alive(world: World, tokens: Tokens) -> bool:
    allowed = [world.allows(tokens.access_token, now=NOW + 30 + off) for off in CLOCKS]
    refreshed = world.would_refresh(tokens.refresh_token, now=NOW + 30)
    assert [isinstance(refreshed, Rotated | Replayed)] * 2 == allowed
    return allowed[0]
