"""Public defects of other services, each a sequence of events with its second; here they end well."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest

from rescind.flows.authenticate import authenticate
from rescind.flows.issue import Refused, Tokens
from rescind.flows.login import login
from rescind.flows.logout import logout
from rescind.flows.refresh import Replayed, Rotated, SessionEnded, refresh
from rescind.flows.revoke import revoke_token, revoke_token_id
from rescind.model import Client, Lost, NewIds, Session, Written
from rescind.reasons import Reason
from rescind.rules.lifetimes import ACCESS_TOKEN_CEILING_SECONDS
from rescind.rules.passwords import hash_password
from rescind.settings import Settings
from rescind.unavailable import UnavailableError
from rescind.verdict import Allow, Refuse
from tests.fakes import (
    FakeAttempts,
    FakeBlocklist,
    FakeCredentials,
    FakeKeyring,
    FakeSessions,
    FakeStates,
    FakeTables,
    FakeUsers,
)
from tests.things import NOW, PASSWORD, SETTINGS, USER_ID, a_credential, a_user

DAY = 86_400
GRACE = SETTINGS.refresh_grace_seconds
BETWEEN_TWO_CLOCKS = 10
HASH = hash_password(PASSWORD, salt=b"0123456789abcdef", parameters=SETTINGS.hash_parameters)


class Meanwhile(FakeSessions):
    """Once, between a refresh's read and its write, something else happens."""

    happens: Callable[[], object] | None = None

    def advance(self, session: Session, **kwargs: Any) -> Written | Lost[Session]:
        happens, self.happens = self.happens, None
        if happens:
            happens()
        return super().advance(session, **kwargs)


@dataclass
class Service:
    """The functions, on one set of tables; every call says when it is."""

    tables: FakeTables
    sessions: Meanwhile
    settings: Settings = SETTINGS
    numbers: Iterator[int] = field(default_factory=count)

    def log_in(self, *, now: int) -> Tokens:
        tokens = login(
            "ada",
            PASSWORD,
            credentials=FakeCredentials(self.tables),
            users=FakeUsers(self.tables),
            sessions=self.sessions,
            attempts=FakeAttempts(self.tables),
            keys=FakeKeyring(),
            settings=self.settings,
            client=Client(user_agent="test", ip="192.0.2.1"),
            nobody="usr_" + "n" * 21 + "A",
            ids=NewIds(self.new_id("ses"), self.new_id("tok"), self.new_id("att")),
            salt=b"0123456789abcdef",
            now_ms=now * 1000,
        )
        assert isinstance(tokens, Tokens)
        return tokens

    def refresh(self, tokens: Tokens, *, now: int) -> Any:
        return refresh(
            tokens.refresh_token,
            states=FakeStates(self.tables),
            sessions=self.sessions,
            keys=FakeKeyring(),
            settings=self.settings,
            token_id=self.new_id("tok"),
            attempt=self.new_id("att"),
            now=now,
        )

    def refreshed(self, tokens: Tokens, *, now: int) -> Tokens:
        outcome = self.refresh(tokens, now=now)
        assert isinstance(outcome, Rotated | Replayed), outcome
        return outcome.tokens

    def log_out(self, tokens: Tokens, *, now: int, everywhere: bool = False) -> None:
        logout(
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            everywhere=everywhere,
            keys=FakeKeyring(),
            states=FakeStates(self.tables),
            sessions=self.sessions,
            users=FakeUsers(self.tables),
            blocklist=FakeBlocklist(self.tables),
            settings=self.settings,
            now=now,
        )

    def authorizer(self, tokens: Tokens, *, now: int) -> Allow | Refuse:
        return authenticate(
            tokens.access_token,
            keys=FakeKeyring(),
            states=FakeStates(self.tables),
            settings=self.settings,
            now=now,
        )

    def accepts(self, tokens: Tokens, *, now: int) -> bool:
        return isinstance(self.authorizer(tokens, now=now), Allow)

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{next(self.numbers):021}A"


@pytest.fixture
def service() -> Service:
    tables = FakeTables(
        credentials={"ada": a_credential(password_hash=HASH)}, users={USER_ID: a_user(logged_out_at=0)}
    )
    return Service(tables, Meanwhile(tables))


def test_two_overlapping_refreshes_of_one_token_get_the_same_successor(service: Service) -> None:
    """simplejwt 5.5 and Keycloak (CVE-2026-1035) give each its own; here both get one and the same."""
    first = service.log_in(now=NOW)
    inside: list[Tokens] = []
    service.sessions.happens = lambda: inside.append(service.refreshed(first, now=NOW))

    outside = service.refreshed(first, now=NOW)

    [other] = inside
    assert outside.refresh_token == other.refresh_token != first.refresh_token
    assert (
        service.refreshed(outside, now=NOW).refresh_token == service.refreshed(other, now=NOW).refresh_token
    )


def test_without_a_grace_one_of_two_overlapping_refreshes_succeeds_and_the_session_ends(
    service: Service,
) -> None:
    """As above, for an operator who trusts no retry: of two that overlap never both are answered."""
    service.settings = replace(SETTINGS, refresh_grace_seconds=0)
    first = service.log_in(now=NOW)
    inside: list[Tokens] = []
    service.sessions.happens = lambda: inside.append(service.refreshed(first, now=NOW))

    outside = service.refresh(first, now=NOW)

    assert isinstance(outside, SessionEnded)
    assert not service.accepts(inside[0], now=NOW)
    assert isinstance(service.refresh(inside[0], now=NOW), Refused)


def test_a_logout_during_a_refresh_is_not_lost(service: Service) -> None:
    """OpenAuth 0.4 and Better Auth let the refresh write the session anew; here the logout stands."""
    first = service.log_in(now=NOW)
    service.sessions.happens = lambda: service.log_out(first, now=NOW)

    outcome = service.refresh(first, now=NOW)

    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.SESSION_ENDED
    assert not service.accepts(first, now=NOW)


def test_a_logout_everywhere_during_a_refresh_is_not_lost(service: Service) -> None:
    """As above, where the refresh may still answer: what it gives out is dead from the start."""
    first = service.log_in(now=NOW)
    service.sessions.happens = lambda: service.log_out(first, now=NOW, everywhere=True)

    born_dead = service.refreshed(first, now=NOW)

    assert not service.accepts(born_dead, now=NOW)
    assert isinstance(service.refresh(born_dead, now=NOW), Refused)


@pytest.mark.parametrize("later", [0, 1, GRACE])
def test_a_second_tab_is_no_thief(service: Service, later: int) -> None:
    """Keycloak 14122 ends the session of whoever has two tabs; here both tabs go on with one token."""
    both = service.log_in(now=NOW)

    one = service.refreshed(both, now=NOW)
    other = service.refreshed(both, now=NOW + later)

    assert one.refresh_token == other.refresh_token
    assert service.accepts(one, now=NOW + later)
    assert service.accepts(other, now=NOW + later)


def test_no_tab_is_left_with_a_branch_of_its_own(service: Service) -> None:
    """SuperTokens orphans the branch of the tab that is second to use its token; here is no branch."""
    both = service.log_in(now=NOW)
    one, other = service.refreshed(both, now=NOW), service.refreshed(both, now=NOW)

    one_again = service.refreshed(one, now=NOW + 600)
    other_again = service.refreshed(other, now=NOW + 601)

    assert one_again.refresh_token == other_again.refresh_token
    assert service.refreshed(other_again, now=NOW + 1200)


def test_an_old_token_is_old_within_its_second_too(service: Service) -> None:
    """Keycloak 50999 compares seconds and takes an older token of the same one; here tokens are counted."""
    first = service.log_in(now=NOW)
    second = service.refreshed(first, now=NOW)
    third = service.refreshed(second, now=NOW)

    outcome = service.refresh(first, now=NOW)

    assert isinstance(outcome, SessionEnded)
    assert outcome.reason is Reason.REUSED
    assert not service.accepts(third, now=NOW)


@pytest.mark.parametrize("clock", [0, -5, 5], ids=["same-clock", "clock-behind", "clock-ahead"])
def test_a_login_in_the_second_of_a_logout_is_good_and_every_older_token_is_not(
    service: Service, clock: int
) -> None:
    """wazuh 35043 refuses both, GlycemicGPT 1006 takes both; here the version tells them apart."""
    before = service.log_in(now=NOW)
    service.log_out(before, now=NOW, everywhere=True)

    after = service.log_in(now=NOW + clock)

    assert not service.accepts(before, now=NOW)
    assert isinstance(service.refresh(before, now=NOW), Refused)
    assert service.accepts(after, now=NOW)
    assert service.refreshed(after, now=NOW)


def test_a_client_that_lost_the_answer_asks_again_and_stays_logged_in(service: Service) -> None:
    """hydra 1831 takes the second request for theft and logs the user out; here it gets the answer again."""
    first = service.log_in(now=NOW)
    lost = service.refreshed(first, now=NOW)

    again = service.refreshed(first, now=NOW + 20)

    assert again.refresh_token == lost.refresh_token
    assert service.accepts(again, now=NOW + 20)


def test_a_function_that_lost_the_stores_answer_knows_its_own_write(service: Service) -> None:
    """As above, one hop further in: the row says whose write it carries."""

    class LosesTheAnswer(Meanwhile):
        def advance(self, session: Session, **kwargs: Any) -> Written | Lost[Session]:
            super().advance(session, **kwargs)
            raise UnavailableError("the answer was lost")

    first = service.log_in(now=NOW)
    service.sessions = LosesTheAnswer(service.tables)

    assert service.accepts(service.refreshed(first, now=NOW), now=NOW)


def test_the_parent_of_an_unused_token_ends_the_session_when_it_comes_late(service: Service) -> None:
    """supabase auth 1901 takes the parent for ever, while its child is unused; here for the grace."""
    parent = service.log_in(now=NOW)
    child = service.refreshed(parent, now=NOW)
    last_second = NOW + GRACE + BETWEEN_TWO_CLOCKS

    assert service.refreshed(parent, now=last_second).refresh_token == child.refresh_token
    outcome = service.refresh(parent, now=last_second + 1)

    assert isinstance(outcome, SessionEnded)
    assert not service.accepts(child, now=last_second + 1)
    assert isinstance(service.refresh(child, now=last_second + 1), Refused)


@pytest.mark.parametrize("lifetime", [60, ACCESS_TOKEN_CEILING_SECONDS])
@pytest.mark.parametrize("by_id", [False, True], ids=["by-token", "by-id"])
def test_a_blocklist_entry_outlives_its_token(service: Service, lifetime: int, *, by_id: bool) -> None:
    """Keycloak 26113 drops the entry a second before the token has died; here it stays a minute more."""
    service.settings = replace(SETTINGS, access_token_seconds=lifetime, leeway_seconds=60)
    tokens = service.log_in(now=NOW)
    verdict = service.authorizer(tokens, now=NOW)
    assert isinstance(verdict, Allow)
    blocklist = FakeBlocklist(service.tables)
    if by_id:
        revoke_token_id(verdict.claims.jti, reason="stolen", blocklist=blocklist, now=NOW)
    else:
        revoke_token(
            tokens.access_token,
            reason="stolen",
            keys=FakeKeyring(),
            sessions=service.sessions,
            blocklist=blocklist,
            settings=service.settings,
            now=NOW,
        )

    entry = service.tables.blocklist[verdict.claims.jti]
    last_second = verdict.claims.exp + service.settings.leeway_seconds - 1

    assert service.authorizer(tokens, now=last_second) == Refuse(Reason.BLOCKLISTED, verdict.claims)
    assert entry.ttl >= last_second + 60
    service.tables.blocklist.clear()
    assert service.authorizer(tokens, now=entry.ttl) == Refuse(Reason.EXPIRED, verdict.claims)


def test_a_session_ends_for_good_however_often_it_is_refreshed(service: Service) -> None:
    """A lifetime that starts anew with each rotation never ends for a busy thief; here its end is fixed."""
    tokens = service.log_in(now=NOW)
    end = NOW + SETTINGS.refresh_absolute_seconds

    for second in range(NOW + DAY, end, DAY):
        tokens = service.refreshed(tokens, now=second)
    tokens = service.refreshed(tokens, now=end - 1)

    assert (tokens.expires_in, tokens.refresh_expires_in) == (1, 1)
    assert service.accepts(tokens, now=end - 1)
    assert not service.accepts(tokens, now=end)
    assert isinstance(service.refresh(tokens, now=end), Refused)
