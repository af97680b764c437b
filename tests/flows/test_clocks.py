"""Hosts' clocks, each up to 5 s off: they decide the second of expiry and the edge of the grace, no more.

Each story runs once on right clocks, and then in every mixture of clocks, a host for each request. What it
comes to must be the same, and the authorizers of all hosts must agree. All of it happens in one second, so
that nothing but the clocks could say what came first.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import pytest

from rescind.flows.end import effective_by
from rescind.flows.issue import Refused, Tokens
from rescind.flows.refresh import Replayed, Rotated, SessionEnded
from tests.model.world import World, cheap_passwords, signatures_checked_once
from tests.things import NEW_PASSWORD, NOW, PASSWORD, SETTINGS

CLOCKS = (-5, 5)


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with cheap_passwords(), signatures_checked_once():
        yield


@dataclass
class Story:
    """Requests one after the other, each on a host whose clock is off by the next of `clocks`."""

    clocks: tuple[int, ...] = ()
    world: World = field(default_factory=lambda: World(replace(SETTINGS, max_sessions_per_user=2)))
    requests: int = 0
    given: list[Tokens] = field(default_factory=list)
    outcomes: list[type] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.user_id = self.world.sign_up("ada", PASSWORD)

    def now(self) -> int:
        """The clock of the host that serves the next request."""
        self.requests += 1
        return NOW + (self.clocks[self.requests - 1] if self.clocks else 0)

    def then(self, outcome: Any) -> Any:
        """Write down what a request came to."""
        self.outcomes.append(type(outcome))
        tokens = outcome.tokens if isinstance(outcome, Rotated | Replayed) else outcome
        if isinstance(tokens, Tokens):
            self.given.append(tokens)
        return tokens

    def end(self) -> list[Any]:
        """What each request came to, and what every token is worth in the end."""
        return [*self.outcomes, *map(self.worth, self.given)]

    def worth(self, tokens: Tokens) -> tuple[bool, type]:
        """Of the access token, to the authorizers of all hosts, and of the refresh token."""
        [allowed] = {self.world.allows(tokens.access_token, now=NOW + off) for off in CLOCKS}
        return allowed, type(self.world.would_refresh(tokens.refresh_token, now=NOW))

    def log_in(self, password: str = PASSWORD) -> Any:
        return self.then(self.world.log_in("ada", password, now=self.now()))

    def refresh(self, tokens: Tokens) -> Any:
        return self.then(self.world.refresh(tokens.refresh_token, now=self.now()))

    def log_out(self, tokens: Tokens, *, everywhere: bool = False) -> None:
        self.then(self.world.log_out(bearer=tokens.access_token, everywhere=everywhere, now=self.now()))

    def log_out_by_refresh_token(self, tokens: Tokens, *, everywhere: bool = False) -> None:
        self.then(self.world.log_out(token=tokens.refresh_token, everywhere=everywhere, now=self.now()))

    def change_password(self, tokens: Tokens, current: str = PASSWORD, new: str = NEW_PASSWORD) -> Any:
        return self.then(self.world.change_password(tokens.access_token, current, new, now=self.now()))

    def disable_and_enable(self) -> None:
        self.world.disable(self.user_id, now=self.now())
        self.world.enable(self.user_id)

    def block(self, tokens: Tokens) -> None:
        self.then(self.world.block(tokens.access_token, now=self.now()))


def a_logout(story: Story) -> None:
    first, second = story.log_in(), story.log_in()
    story.log_out(first)
    story.log_out_by_refresh_token(second)
    story.log_in()


def a_login_after_everywhere(story: Story) -> None:
    story.log_out(story.log_in(), everywhere=True)
    story.refresh(story.log_in())


def everywhere_twice(story: Story) -> None:
    story.log_out(story.log_in(), everywhere=True)
    story.log_out_by_refresh_token(story.log_in(), everywhere=True)
    story.log_in()


def everywhere_after_a_refresh(story: Story) -> None:
    first = story.log_in()
    second = story.refresh(first)
    story.log_out(second, everywhere=True)
    story.refresh(second)
    story.log_in()


def a_password_change(story: Story) -> None:
    story.log_in()
    changed = story.change_password(story.log_in())
    story.refresh(changed)
    story.log_in(NEW_PASSWORD)


def a_password_change_after_everywhere(story: Story) -> None:
    story.log_out(story.log_in(), everywhere=True)
    changed = story.change_password(story.log_in())
    story.change_password(changed, NEW_PASSWORD, PASSWORD)


def a_disabled_user_who_comes_back(story: Story) -> None:
    first = story.log_in()
    story.disable_and_enable()
    story.refresh(first)
    story.refresh(story.log_in())


def more_sessions_than_there_may_be(story: Story) -> None:
    for _ in range(5):
        story.log_in()


def more_sessions_after_a_password_change(story: Story) -> None:
    story.change_password(story.log_in())
    for _ in range(3):
        story.log_in(NEW_PASSWORD)


def two_tabs(story: Story) -> None:
    first = story.log_in()
    story.refresh(first)
    second = story.refresh(first)
    story.refresh(second)
    story.refresh(second)


def a_token_two_rotations_old(story: Story) -> None:
    first = story.log_in()
    third = story.refresh(story.refresh(first))
    story.refresh(first)
    story.refresh(third)


def a_blocked_token(story: Story) -> None:
    first = story.log_in()
    story.block(first)
    story.refresh(first)


STORIES = [
    a_logout,
    a_login_after_everywhere,
    everywhere_twice,
    everywhere_after_a_refresh,
    a_password_change,
    a_password_change_after_everywhere,
    a_disabled_user_who_comes_back,
    more_sessions_than_there_may_be,
    more_sessions_after_a_password_change,
    two_tabs,
    a_token_two_rotations_old,
    a_blocked_token,
]


@pytest.mark.parametrize("tell", STORIES, ids=lambda tell: tell.__name__)
def test_clocks_that_are_off_change_nothing(tell: Callable[[Story], None]) -> None:
    right = Story()
    tell(right)

    for clocks in product(CLOCKS, repeat=right.requests):
        story = Story(clocks)
        tell(story)

        assert story.end() == right.end(), clocks


def test_a_login_behind_the_clock_of_an_everywhere_lives_and_all_before_it_is_dead() -> None:
    # The story above without a word of what comes out; here with it.
    story = Story(clocks=(5, 5, -5))
    before = story.log_in()
    story.log_out(before, everywhere=True)

    after = story.log_in()

    assert story.worth(after) == (True, Rotated)
    assert story.worth(before) == (False, Refused)


@pytest.mark.parametrize("clocks", list(product(CLOCKS, repeat=2)), ids=str)
@pytest.mark.parametrize(
    ("later", "outcome"),
    [
        pytest.param(0, Replayed, id="at-once"),
        pytest.param(SETTINGS.refresh_grace_seconds, Replayed, id="all-of-the-grace"),
        pytest.param(
            SETTINGS.refresh_grace_seconds + 10 + 10 + 1, SessionEnded, id="later-than-any-clock-says"
        ),
    ],
)
def test_the_grace_is_never_shorter_than_it_says_nor_longer_by_more_than_clocks(
    clocks: tuple[int, int], later: int, outcome: type
) -> None:
    rotates, asks_again = clocks
    story = Story()
    first = story.log_in()
    story.world.refresh(first.refresh_token, now=NOW + rotates)

    again = story.world.refresh(first.refresh_token, now=NOW + later + asks_again)

    assert isinstance(again, outcome)


@pytest.mark.parametrize("clocks", list(product(CLOCKS, repeat=2)), ids=str)
@pytest.mark.parametrize(
    ("left", "allowed"), [pytest.param(11, True, id="before"), pytest.param(-10, False, id="after")]
)
def test_an_access_token_ends_as_much_sooner_or_later_as_the_clocks_differ(
    clocks: tuple[int, int], left: int, *, allowed: bool
) -> None:
    issues, asks = clocks
    story = Story()
    tokens = story.world.log_in("ada", PASSWORD, now=NOW + issues)
    assert isinstance(tokens, Tokens)

    end = NOW + SETTINGS.access_token_seconds

    assert story.world.allows(tokens.access_token, now=end - left + asks) is allowed


@pytest.mark.parametrize(
    ("ahead", "allowed"), [pytest.param(60, True, id="60s"), pytest.param(61, False, id="61s")]
)
def test_a_token_may_be_from_the_future_by_a_minute(ahead: int, *, allowed: bool) -> None:
    story = Story()
    tokens = story.world.log_in("ada", PASSWORD, now=NOW + ahead)
    assert isinstance(tokens, Tokens)

    assert story.world.allows(tokens.access_token, now=NOW) is allowed


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("delay", [0, 30])
def test_the_bound_is_off_by_no_more_than_the_clock_that_states_it(clock: int, delay: int) -> None:
    settings = replace(SETTINGS, revocation_delay_seconds=delay)

    by = effective_by(NOW + 0.5 + clock, settings=settings)

    assert by - effective_by(NOW + 0.5, settings=settings) == clock
