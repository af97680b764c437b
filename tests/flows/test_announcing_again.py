"""A writer died, and what it wrote came late: whoever is told that something has ended finds it announced."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from rescind.flows.accounts import delete_user
from rescind.flows.backchannel import Ended, end_login
from rescind.flows.end import Revoked, block_token, disable, revoke
from rescind.flows.everyone import end_page
from rescind.flows.logout import logout
from rescind.flows.revoke import revoke_presented_token, revoke_session, revoke_token_id
from rescind.model import Status
from rescind.rules.access_tokens import sign_access_token
from rescind.rules.logout_tokens import EndedLogin
from rescind.rules.refresh_tokens import sign_refresh_token
from rescind.rules.revocations import (
    KEPT_SECONDS,
    Revocation,
    SessionEnded,
    TokenBlocked,
    TokensEnded,
    UserGone,
)
from rescind.unavailable import UnavailableError
from tests.fakes import FakeKeyring, FakeTables
from tests.interleavings.world import stores_on
from tests.store.logins import ISSUER, a_subject_token
from tests.things import (
    MAC_KEY,
    NOW,
    SESSION_ID,
    SETTINGS,
    SIGNING_KEY,
    TOKEN_ID,
    USER_ID,
    a_credential,
    a_session,
    a_user,
    some_claims,
)

BEFORE = NOW - 90
"""When the writer that died began: longer ago than any reader of announcements that is warm looks back."""
BEARER = sign_access_token(some_claims(), key=SIGNING_KEY)
EXPIRED = sign_access_token(some_claims(exp=NOW), key=SIGNING_KEY)
CURRENT = sign_refresh_token(USER_ID, SESSION_ID, 4, key=MAC_KEY)


@dataclass
class World:
    tables: FakeTables = field(
        default_factory=lambda: FakeTables(
            users={USER_ID: a_user()},
            credentials={"ada": a_credential()},
            sessions={(USER_ID, SESSION_ID): a_session()},
        )
    )

    def __post_init__(self) -> None:
        self.stores = stores_on(self.tables)

    def log_out(
        self, *, bearer: str | None = None, token: str | None = None, everywhere: bool = False
    ) -> Any:
        return logout(
            access_token=bearer,
            refresh_token=token,
            everywhere=everywhere,
            keys=FakeKeyring(),
            states=self.stores.states,
            sessions=self.stores.sessions,
            users=self.stores.users,
            blocklist=self.stores.blocklist,
            settings=SETTINGS,
            now=NOW,
        )

    def everyone(self, since: int = BEFORE - 20) -> Any:
        return end_page(
            segment=0,
            of=1,
            after=None,
            since=since,
            users=self.stores.users,
            now=NOW,
            is_late=lambda: False,
            tell=lambda _: None,
        )

    def log_out_at_the_issuer(self) -> Any:
        return end_login(
            "a logout token",
            verify=lambda *_, **__: EndedLogin(ISSUER.issuer, "sub-1", "login-1", NOW),
            issuers={},
            issuer_keys=lambda *_: None,  # type: ignore[arg-type] # nobody asks for one
            logins=self.stores.logins,
            sessions=self.stores.sessions,
            now=NOW,
        )

    def said_now(self) -> set[Revocation]:
        return {what for at, what in self.tables.announced if at == NOW}


def session_ended(world: World) -> None:
    world.stores.sessions.end(USER_ID, SESSION_ID, now=BEFORE)


def opened_at_an_issuer_and_ended(world: World) -> None:
    del world.tables.sessions[USER_ID, SESSION_ID]
    world.stores.logins.open(a_session(), a_subject_token(), granted=None, now=BEFORE)
    session_ended(world)


def blocked(world: World) -> None:
    block_token(TOKEN_ID, claims=some_claims(), reason="stolen", blocklist=world.stores.blocklist, now=BEFORE)


def all_ended(world: World) -> None:
    revoke(USER_ID, users=world.stores.users, now=BEFORE)


def disabled(world: World) -> None:
    disable(USER_ID, users=world.stores.users, now=BEFORE)


def deleted(world: World) -> None:
    delete_user(USER_ID, users=world.stores.users, accounts=world.stores.accounts, now=BEFORE)


SESSION = SessionEnded(USER_ID, SESSION_ID)
TOKENS = TokensEnded(USER_ID, 8, BEFORE)

CASES: dict[str, tuple[Callable[[World], object], Callable[[World], Any], Revocation]] = {
    "logout-by-bearer,session-ended": (session_ended, lambda w: w.log_out(bearer=BEARER), SESSION),
    "logout-by-bearer,blocked": (
        blocked,
        lambda w: w.log_out(bearer=BEARER),
        TokenBlocked(TOKEN_ID, NOW + 800),
    ),
    "logout-by-bearer,everything-ended": (all_ended, lambda w: w.log_out(bearer=BEARER), TOKENS),
    "logout-by-bearer,disabled": (disabled, lambda w: w.log_out(bearer=BEARER, everywhere=True), TOKENS),
    "logout-by-bearer,deleted": (deleted, lambda w: w.log_out(bearer=BEARER), UserGone(USER_ID)),
    "logout-by-refresh-token": (session_ended, lambda w: w.log_out(token=CURRENT), SESSION),
    "everywhere": (all_ended, lambda w: w.log_out(token=CURRENT, everywhere=True), TOKENS),
    "everywhere,deleted": (deleted, lambda w: w.log_out(token=CURRENT, everywhere=True), UserGone(USER_ID)),
    "revoke-a-session": (
        session_ended,
        lambda w: revoke_session(USER_ID, SESSION_ID, sessions=w.stores.sessions, now=NOW),
        SESSION,
    ),
    "oauth": (
        session_ended,
        lambda w: revoke_presented_token(
            CURRENT,
            keys=FakeKeyring(),
            sessions=w.stores.sessions,
            blocklist=w.stores.blocklist,
            settings=SETTINGS,
            now=NOW,
        ),
        SESSION,
    ),
    "block-by-id": (
        blocked,
        lambda w: revoke_token_id(TOKEN_ID, reason="x", blocklist=w.stores.blocklist, now=NOW),
        TokenBlocked(TOKEN_ID, NOW + 3600),
    ),
    "revoke": (
        all_ended,
        lambda w: revoke(USER_ID, users=w.stores.users, now=NOW),
        TokensEnded(USER_ID, 9, NOW),
    ),
    "disable": (
        disabled,
        lambda w: disable(USER_ID, users=w.stores.users, now=NOW),
        TokensEnded(USER_ID, 9, NOW),
    ),
    "delete": (
        deleted,
        lambda w: delete_user(USER_ID, users=w.stores.users, accounts=w.stores.accounts, now=NOW),
        UserGone(USER_ID),
    ),
    "everyone": (all_ended, lambda w: w.everyone(), TOKENS),
    "logout-at-the-issuer": (opened_at_an_issuer_and_ended, lambda w: w.log_out_at_the_issuer(), SESSION),
}


@pytest.mark.parametrize(("died", "again", "expected"), CASES.values(), ids=CASES)
def test_what_had_ended_is_announced_again_before_it_is_answered(
    died: Callable[[World], object], again: Callable[[World], Any], expected: Revocation
) -> None:
    world = World()
    died(world)

    again(world)

    assert expected in world.said_now()


@pytest.mark.parametrize(("died", "again", "expected"), CASES.values(), ids=CASES)
def test_what_cannot_be_announced_again_is_not_answered(
    died: Callable[[World], object],
    again: Callable[[World], Any],
    expected: Revocation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    died(world)

    def fail(*_: object) -> None:
        raise UnavailableError("transact_write_items: InternalServerError")

    for store in (world.stores.users, world.stores.sessions, world.stores.blocklist, world.stores.accounts):
        monkeypatch.setattr(store, "_announce", fail)

    with pytest.raises(UnavailableError):
        again(world)
    assert expected not in world.said_now()


def test_to_log_out_again_changes_nothing_but_what_is_announced() -> None:
    world = World()
    blocked(world)
    rows = (dict(world.tables.sessions), dict(world.tables.users), dict(world.tables.blocklist))

    assert world.log_out(bearer=BEARER).revoked is Revoked.NOTHING

    assert (world.tables.sessions, world.tables.users, world.tables.blocklist) == rows


@pytest.mark.parametrize("bearer", [EXPIRED, "forged", None])
def test_a_token_that_proves_nothing_or_is_dead_by_itself_announces_nothing(bearer: str | None) -> None:
    world = World()
    session_ended(world)

    world.log_out(bearer=bearer)

    assert world.said_now() == set()


def test_of_an_end_of_everyone_that_is_long_ago_nobody_needs_to_know() -> None:
    world = World()
    world.tables.users[USER_ID] = a_user(logged_out_at=NOW - KEPT_SECONDS, status=Status.ACTIVE)

    page = world.everyone(since=NOW - KEPT_SECONDS - 20)

    assert (page.skipped, world.said_now()) == (1, set())


def test_a_session_that_ended_long_ago_is_left_alone_by_a_logout_at_the_issuer() -> None:
    world = World()
    opened_at_an_issuer_and_ended(world)
    world.tables.sessions[USER_ID, SESSION_ID] = a_session(revoked_at=NOW - KEPT_SECONDS)

    assert world.log_out_at_the_issuer() == Ended()

    assert world.said_now() == set()
