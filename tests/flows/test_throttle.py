"""Rule 23 of docs/rules.md: a guess is counted before the password is looked at."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from rescind.flows.issue import Refused, Tokens
from rescind.flows.password import WrongPassword
from rescind.flows.refresh import Rotated
from rescind.flows.throttle import Throttled
from rescind.model import User
from rescind.reasons import Reason
from rescind.rules.throttle import Window, windows_of
from rescind.unavailable import UnavailableError
from tests.fakes import FakeAttempts, FakeUsers
from tests.model.world import World, cheap_passwords
from tests.things import NOW, PASSWORD, SETTINGS

GUESS = "a-wrong-password"
HERE = "192.0.2.1"
NEXT_DOOR = "192.0.2.200"
ELSEWHERE = "198.51.100.1"

FROM_HERE = Reason.TOO_MANY_FROM_NETWORK_FOR_ACCOUNT
FOR_ACCOUNT = Reason.TOO_MANY_FOR_ACCOUNT
FOR_NETWORK = Reason.TOO_MANY_FROM_NETWORK


@pytest.fixture(autouse=True)
def _no_time_for_argon2() -> Iterator[None]:
    with cheap_passwords():
        yield


@pytest.fixture
def world() -> World:
    limited = replace(
        SETTINGS, failures_per_account_and_network=3, failures_per_account=8, failures_per_network=12
    )
    world = World(limited)
    for name in ("ada", "bob"):
        world.sign_up(name, PASSWORD)
    return world


def guess(world: World, times: int, *, name: str = "ada", ip: str = HERE, now: int = NOW) -> list[Any]:
    return [world.log_in(name, GUESS, now=now, ip=ip) for _ in range(times)]


def reason_of(outcome: object) -> Reason | None:
    return outcome.reason if isinstance(outcome, Throttled) else None


def test_an_account_takes_so_many_guesses_from_one_network_and_then_not_even_the_right_one(
    world: World,
) -> None:
    assert all(isinstance(outcome, Refused) for outcome in guess(world, 3))

    assert [reason_of(outcome) for outcome in guess(world, 2, ip=NEXT_DOOR)] == [FROM_HERE, FROM_HERE]
    assert reason_of(world.log_in("ada", PASSWORD, now=NOW, ip=HERE)) is FROM_HERE


def test_the_owner_gets_in_from_another_network(world: World) -> None:
    guess(world, 5)

    assert isinstance(world.log_in("ada", PASSWORD, now=NOW, ip=ELSEWHERE), Tokens)


def test_an_account_takes_so_many_guesses_from_wherever_they_come(world: World) -> None:
    for network in range(8):
        guess(world, 1, ip=f"203.0.{network}.1")

    assert reason_of(world.log_in("ada", PASSWORD, now=NOW, ip=ELSEWHERE)) is FOR_ACCOUNT
    assert isinstance(world.log_in("bob", PASSWORD, now=NOW, ip=ELSEWHERE), Tokens)


def test_a_network_gets_so_many_guesses_at_whatever_accounts(world: World) -> None:
    for account in range(12):
        guess(world, 1, name=f"user-{account}")

    assert reason_of(world.log_in("ada", PASSWORD, now=NOW, ip=NEXT_DOOR)) is FOR_NETWORK
    assert isinstance(world.log_in("ada", PASSWORD, now=NOW, ip=ELSEWHERE), Tokens)


@pytest.mark.parametrize("name", ["ada", "nobody", "disabled"])
def test_an_account_that_does_not_exist_is_throttled_like_any_other(world: World, name: str) -> None:
    world.disable(world.sign_up("disabled", PASSWORD), now=NOW)

    outcomes = [*guess(world, 3, name=name), world.log_in(name, PASSWORD, now=NOW)]

    assert [type(outcome) for outcome in outcomes] == [Refused, Refused, Refused, Throttled]
    assert outcomes[-1].retry_after == 16 * 60 - NOW % 60


def test_the_right_password_of_a_disabled_user_counts_like_a_wrong_one(world: World) -> None:
    world.disable(world.sign_up("disabled", PASSWORD), now=NOW)

    outcomes = [world.log_in("disabled", PASSWORD, now=NOW) for _ in range(4)]

    assert [type(outcome) for outcome in outcomes] == [Refused, Refused, Refused, Throttled]


def test_the_right_password_forgets_the_wrong_ones_from_here(world: World) -> None:
    for _ in range(2):
        guess(world, 2)
        assert isinstance(world.log_in("ada", PASSWORD, now=NOW), Tokens)

    assert [type(outcome) for outcome in guess(world, 4)] == [Refused, Refused, Refused, Throttled]


def test_a_guesser_cannot_clear_the_networks_count_with_an_account_of_their_own(world: World) -> None:
    for account in range(12):
        guess(world, 1, name=f"user-{account}")
        world.log_in("bob", PASSWORD, now=NOW)

    assert reason_of(guess(world, 1)[0]) is FOR_NETWORK


def test_honest_logins_leave_no_trace_in_any_window(world: World) -> None:
    for _ in range(20):
        assert isinstance(world.log_in("ada", PASSWORD, now=NOW), Tokens)

    assert all(tally.total == 0 for tally in world.tables.attempts.values())


def test_a_refused_guess_counts_in_no_window(world: World) -> None:
    guess(world, 3)
    before = {bucket: tally.total for bucket, tally in world.tables.attempts.items()}

    guess(world, 50)

    assert {bucket: tally.total for bucket, tally in world.tables.attempts.items()} == before


def test_a_wrong_current_password_counts_with_those_of_logins(world: World) -> None:
    tokens = world.log_in("ada", PASSWORD, now=NOW)
    assert isinstance(tokens, Tokens)
    guess(world, 2)

    outcomes = [
        world.change_password(tokens.access_token, current, "another-password", now=NOW)
        for current in (GUESS, PASSWORD)
    ]

    assert isinstance(outcomes[0], WrongPassword)
    assert reason_of(outcomes[1]) is FROM_HERE
    assert reason_of(guess(world, 1)[0]) is FROM_HERE


def test_a_password_change_forgets_the_wrong_ones_from_here(world: World) -> None:
    tokens = world.log_in("ada", PASSWORD, now=NOW)
    assert isinstance(tokens, Tokens)
    guess(world, 2)

    assert isinstance(
        world.change_password(tokens.access_token, PASSWORD, "another-password", now=NOW), Tokens
    )

    assert [type(outcome) for outcome in guess(world, 4)] == [Refused, Refused, Refused, Throttled]


def test_a_throttled_account_keeps_its_sessions_its_refreshes_and_its_logouts(world: World) -> None:
    tokens = world.log_in("ada", PASSWORD, now=NOW)
    assert isinstance(tokens, Tokens)
    for network in range(20):
        guess(world, 3, ip=f"203.0.{network}.1")
    guess(world, 3)

    assert world.allows(tokens.access_token, now=NOW)
    refreshed = world.refresh(tokens.refresh_token, now=NOW)
    assert isinstance(refreshed, Rotated)
    assert world.allows(refreshed.tokens.access_token, now=NOW)
    world.log_out(bearer=refreshed.tokens.access_token, now=NOW)
    assert not world.allows(refreshed.tokens.access_token, now=NOW)


def test_a_window_has_room_again_when_it_said_so(world: World) -> None:
    guess(world, 3)
    throttled = world.log_in("ada", PASSWORD, now=NOW)
    assert isinstance(throttled, Throttled)

    assert isinstance(world.log_in("ada", PASSWORD, now=NOW + throttled.retry_after - 1), Throttled)
    assert isinstance(world.log_in("ada", PASSWORD, now=NOW + throttled.retry_after), Tokens)


def test_the_hash_is_never_computed_for_a_throttled_guess(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    guess(world, 3)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("the password was looked at")

    monkeypatch.setattr("rescind.flows.login.verify_password", never)

    assert isinstance(guess(world, 1)[0], Throttled)


@dataclass
class FailingAttempts(FakeAttempts):
    failing: set[tuple[str, int]] = field(default_factory=set)
    """Which calls fail: their name, and which of that name it is."""
    calls: list[str] = field(default_factory=list)

    def _perhaps_fail(self, name: str) -> None:
        self.calls.append(name)
        if (name, self.calls.count(name)) in self.failing:
            raise UnavailableError("the call failed")

    def count(self, window: Window, *, now: int) -> Any:
        self._perhaps_fail("count")
        return super().count(window, now=now)

    def give_back(self, window: Window, *, now: int) -> None:
        self._perhaps_fail("give_back")
        super().give_back(window, now=now)

    def forget(self, window: Window) -> None:
        self._perhaps_fail("forget")
        super().forget(window)


def failing(world: World, *calls: tuple[str, int]) -> World:
    def through(store: Any) -> Any:
        return FailingAttempts(store.tables, set(calls)) if isinstance(store, FakeAttempts) else store

    return replace(world, through=through)


@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_guess_that_cannot_be_counted_is_not_looked_at_and_counts_nowhere(world: World, place: int) -> None:
    with pytest.raises(UnavailableError):
        failing(world, ("count", place)).log_in("ada", PASSWORD, now=NOW)

    assert world.tables.sessions == {}
    assert all(tally.total == 0 for tally in world.tables.attempts.values())


@pytest.mark.parametrize("call", [("forget", 1), ("give_back", 1), ("give_back", 2)], ids=str)
def test_a_login_goes_on_when_its_guess_cannot_be_given_back(world: World, call: tuple[str, int]) -> None:
    assert isinstance(failing(world, call).log_in("ada", PASSWORD, now=NOW), Tokens)

    [left] = [tally.total for tally in world.tables.attempts.values() if tally.total]
    assert left == 1


class NoUsers(FakeUsers):
    def read(self, user_id: str) -> User | None:
        raise UnavailableError(f"{user_id} cannot be read")


def test_an_outage_of_the_users_counts_against_nobody(world: World) -> None:
    def through(store: Any) -> Any:
        return NoUsers(store.tables) if isinstance(store, FakeUsers) else store

    for _ in range(20):
        with pytest.raises(UnavailableError):
            replace(world, through=through).log_in("ada", PASSWORD, now=NOW)

    assert isinstance(world.log_in("ada", PASSWORD, now=NOW), Tokens)


def test_the_windows_are_of_the_name_and_the_network_only() -> None:
    limits = {"per_account_and_network": 1, "per_account": 1, "per_network": 1}

    assert windows_of("ada", address=HERE, **limits) == windows_of("ada", address=NEXT_DOOR, **limits)
