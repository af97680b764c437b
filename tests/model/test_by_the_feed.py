"""As test_model, with sandboxes that read the feed: late by no more than the bound, and never wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis.stateful import initialize, invariant

from rescind.feed_reader import FeedReader
from rescind.flows.authenticate_by_feed import authenticate_by_feed
from rescind.flows.end import stated_bound
from rescind.rules.revocations import Revocation, key_at
from rescind.settings import RevocationCheck, Settings
from rescind.verdict import AllowByFeed, Refuse, still_granted
from tests.fakes import FakeTables
from tests.model.reference import AccessToken, User
from tests.model.test_model import Everything, try_everything
from tests.model.world import KeysThatRotate, cheap_passwords, signatures_checked_once
from tests.things import NOW

_ROWS_OF_A_PAGE = 3


@dataclass
class FakeAnnouncements:
    tables: FakeTables

    def page(self, *, copy: int, after: str, until: str) -> tuple[list[tuple[int, Revocation]], str | None]:
        del copy
        rows = sorted(
            (f"{key_at(at * 1000)} {revocation}", at, revocation) for at, revocation in self.tables.announced
        )
        found = [row for row in rows if after <= row[0] <= until]
        page = found[:_ROWS_OF_A_PAGE]
        return [row[1:] for row in page], page[-1][0] if len(found) > len(page) else None


@dataclass
class Sandbox:
    """Its clock may change from request to request; while it is frozen, its monotonic one stands still."""

    tables: FakeTables
    settings: Settings
    clocks: tuple[int, ...]
    frozen: bool
    asked: int = 0
    right_time: int = NOW

    def __post_init__(self) -> None:
        self.reader = FeedReader(
            FakeAnnouncements(self.tables),
            copies=1,
            delay_seconds=self.settings.revocation_delay_seconds,
            monotonic=lambda: 0 if self.frozen else self.right_time,
        )

    @property
    def bound(self) -> int:
        """Where nothing is frozen, the delay alone."""
        return stated_bound(self.settings) if self.frozen else self.settings.revocation_delay_seconds

    def wakes(self, now: int) -> int:
        """What its clock shows then."""
        self.asked, self.right_time = self.asked + 1, now
        return now + self.clocks[self.asked % len(self.clocks)]

    def authorize(self, text: str, *, now: int) -> AllowByFeed | Refuse:
        return authenticate_by_feed(
            text, keys=KeysThatRotate(), revocations=self.reader, settings=self.settings, now=now
        )


class ByTheFeed(Everything):
    @initialize()
    def nothing_has_ended(self) -> None:
        self.sandboxes: list[Sandbox] = []
        self.dead_since: dict[AccessToken, int] = {}
        self.scopes: dict[User, list[tuple[int, str]]] = {}

    @invariant()
    def a_sandbox_that_reads_the_feed_is_late_by_no_more_than_the_bound(self) -> None:
        self.note_what_has_changed()
        for sandbox in self.sandboxes or self.new_sandboxes():
            now = sandbox.wakes(self.now)
            for token, text in self.access_tokens.items():
                answer = sandbox.authorize(text, now=now)
                dead = self.dead_since.get(token)
                if now >= token.end or (dead is not None and self.now >= dead + sandbox.bound):
                    assert isinstance(answer, Refuse)
                elif dead is None:
                    assert isinstance(answer, AllowByFeed)
                if isinstance(answer, AllowByFeed):
                    assert answer.scope in self.scopes_since(token, self.now - sandbox.bound)

    def new_sandboxes(self) -> list[Sandbox]:
        def sandbox(delay: int, *clocks: int, frozen: bool) -> Sandbox:
            settings = replace(
                self.settings, revocation_check=RevocationCheck.FEED, revocation_delay_seconds=delay
            )
            return Sandbox(self.world.tables, settings, clocks, frozen)

        self.sandboxes = [
            sandbox(5, 5, -5, frozen=True),
            sandbox(1, 5, -5, -5, frozen=True),
            sandbox(5, -5, frozen=False),
            sandbox(300, 5, -5, frozen=False),
        ]
        return self.sandboxes

    def note_what_has_changed(self) -> None:
        for token in self.access_tokens:
            if token.blocked or token.session.ended:
                self.dead_since.setdefault(token, self.now)
        for user in self.user_ids:
            scopes = self.scopes.setdefault(user, [(0, "orders:read")])
            if scopes[-1][1] != user.scope:
                scopes.append((self.now, user.scope))

    def scopes_since(self, token: AccessToken, since: int) -> set[str]:
        """What it was good for at any moment since then."""
        scopes = self.scopes[token.session.user]
        ends = [*(began for began, _ in scopes[1:]), self.now + 1]
        return {
            still_granted(token.granted, scope)
            for (_, scope), end in zip(scopes, ends, strict=True)
            if end > since
        }


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with cheap_passwords(), signatures_checked_once():
        yield


def test_every_token_is_worth_by_the_feed_what_it_should_be() -> None:
    try_everything(examples=20, steps=20, machine=ByTheFeed)


@pytest.mark.proof
def test_every_token_is_worth_by_the_feed_what_it_should_be_a_thousand_times() -> None:
    try_everything(examples=1000, steps=40, machine=ByTheFeed)
