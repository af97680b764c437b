"""Where the operations meet: one user with two sessions, on the fake."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from rescind.flows.issue import Tokens
from rescind.rules.access_tokens import sign_access_token
from rescind.rules.refresh_tokens import sign_refresh_token
from rescind.settings import Settings
from tests import fakes
from tests.tables import Stores
from tests.things import (
    MAC_KEY,
    NOW,
    SETTINGS,
    SIGNING_KEY,
    USER_ID,
    a_credential,
    a_session,
    a_user,
    some_claims,
)

OLD_PASSWORD = "the-old-password"
NEW_PASSWORD = "the-new-password"
RESET_PASSWORD = "the-password-from-the-desk"

COUNTER = 4
"""Of the good refresh token of both sessions; the one before it was used 100 s ago."""


def session_id(letter: str) -> str:
    return "ses_" + letter * 21 + "A"


OWN = session_id("m")
"""The session whose tokens the operations present."""
OTHER = session_id("o")
"""Another of the same user, which ends only where everything does."""


def refresh_token(session: str, counter: int) -> str:
    return sign_refresh_token(USER_ID, session, counter, key=MAC_KEY)


def bearer(session: str) -> str:
    claims = some_claims(sid=session, jti="tok_" + session[4:])
    return sign_access_token(claims, key=SIGNING_KEY)


BEARERS = {OWN: bearer(OWN), OTHER: bearer(OTHER)}


def populated(*sessions: str) -> fakes.FakeTables:
    return fakes.FakeTables(
        credentials={"ada": a_credential(password_hash=OLD_PASSWORD)},
        users={USER_ID: a_user()},
        sessions={
            (USER_ID, each): a_session(
                session_id=each, counter=COUNTER, created_at_ms=(NOW - 500) * 1000 + place
            )
            for place, each in enumerate(sessions)
        },
    )


def copied(tables: fakes.FakeTables) -> fakes.FakeTables:
    return fakes.FakeTables(
        dict(tables.credentials),
        dict(tables.users),
        dict(tables.sessions),
        dict(tables.blocklist),
        opened_by={key: list(sessions) for key, sessions in tables.opened_by.items()},
    )


def stores_on(tables: fakes.FakeTables) -> Stores:
    return Stores(
        credentials=fakes.FakeCredentials(tables),
        users=fakes.FakeUsers(tables),
        accounts=fakes.FakeAccounts(tables),
        sessions=fakes.FakeSessions(tables),
        blocklist=fakes.FakeBlocklist(tables),
        logins=fakes.FakeLogins(tables),
        attempts=fakes.FakeAttempts(tables),
        states=fakes.FakeStates(tables),
        key_sets=fakes.FakeKeySets(tables),
    )


@dataclass(frozen=True)
class Build:
    """How a world is put together. A mutant of the protocol may differ here."""

    stores: Callable[[fakes.FakeTables], Stores] = stores_on
    around: Callable[[Stores], Stores] = field(default=lambda stores: stores)
    """What stands before the switches, so that it may make several calls of one."""
    attempt: Callable[[str], str] = field(default=lambda letter: "att_" + letter.upper() * 21 + "A")


@dataclass(frozen=True)
class World:
    """What one operation is given."""

    stores: Stores
    keys: Any
    settings: Settings
    now: int
    letter: str
    """Makes the ids of each operation its own, and the same at every run."""
    attempt: str
    handed: list[Tokens] = field(default_factory=list)
    """What its client was given before its last answer."""


def settings_with(**changes: Any) -> Settings:
    return replace(SETTINGS, **changes)
