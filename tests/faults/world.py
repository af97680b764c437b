"""Two users of a deployment, their sessions and tokens; and what became of them, in plain words."""

import importlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

from rescind import ids
from rescind.model import BlockedToken, Session
from rescind.rules.access_tokens import sign_access_token
from rescind.rules.refresh_tokens import sign_refresh_token
from rescind.store.credentials import credential_item
from rescind.store.sessions import session_item
from rescind.store.users import user_item
from rescind.unavailable import UnavailableError
from rescind.web.authorizer import UnauthorizedError
from tests.faults.plan import Plan
from tests.faults.tables import Tables
from tests.functions.conftest import WEAK, Context, forget_wiring
from tests.tables import Stores
from tests.test_template import DOCUMENT, FUNCTIONS
from tests.things import MAC_KEY, PASSWORD, SIGNING_KEY, a_credential, a_session, a_user, some_claims

ADA, BOB = (f"usr_{letter * 21}A" for letter in "ab")
NEW_PASSWORD = "another-horse-battery-staple"
PASSWORDS = (PASSWORD, NEW_PASSWORD)

Event = dict[str, Any]


@dataclass(frozen=True)
class Held:
    """What somebody has of one session."""

    user_id: str
    session_id: str
    token_id: str
    access_token: str
    refresh_token: str


@dataclass(frozen=True)
class Answer:
    """Of a function, as a client sees it; what an authorizer raises is what API Gateway makes of it."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What comes of a request when nothing goes wrong."""

    answer: Answer
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass
class World:
    stores: Stores
    tables: Tables
    plan: Plan
    key_rows: list[dict[str, Any]]
    password_hash: str
    seconds_later: int = 0
    """How far the clock is ahead by now."""
    held: dict[str, Held] = field(default_factory=dict)
    without: dict[str, Outcome] = field(default_factory=dict)
    """By scenario; each is tried once."""

    def begin(self) -> None:
        """Ada with two sessions, Bob with one, and a new sandbox."""
        self.plan.begin()
        self.seconds_later = 0
        rows: dict[str, list[dict[str, Any]]] = {"Keys": self.key_rows, "Users": [], "Credentials": []}
        for user_id, username in ((ADA, "ada"), (BOB, "bob")):
            user = a_user(user_id=user_id, username=username, logged_out_at=0)
            credential = a_credential(user_id=user_id, username=username, password_hash=self.password_hash)
            rows["Users"].append(user_item(user))
            rows["Credentials"].append(credential_item(credential))
        owners = {"phone": ADA, "laptop": ADA, "bob's": BOB}
        created = count(int(time.time() * 1000))
        sessions = {
            name: self._new_session(user_id, created_at_ms=next(created)) for name, user_id in owners.items()
        }
        self.held = {name: held for name, (held, _) in sessions.items()}
        self.tables.begin_with(rows | {"Sessions": [session_item(row) for _, row in sessions.values()]})
        forget_wiring(but={"dynamodb", "kms"})

    def session(self, user_id: str, **changes: Any) -> Held:
        """A new one, and its tokens: the refresh token is of counter 1, whatever the row's."""
        held, row = self._new_session(user_id, **changes)
        self.stores.sessions.put(row)
        return held

    def _new_session(self, user_id: str, **changes: Any) -> tuple[Held, Session]:
        now, new = int(time.time()), ids.new_ids()
        row = {
            "session_id": new.session_id,
            "counter": 1,
            "created_at_ms": int(time.time() * 1000),
            "rotated_at": now,
            "last_used_at": now,
            "idle_expires_at": now + 5000,
            "absolute_expires_at": now + 9000,
        }
        claims = some_claims(
            sub=user_id, sid=new.session_id, jti=new.token_id, iat=now, exp=now + 900, auth_time=now
        )
        held = Held(
            user_id,
            new.session_id,
            new.token_id,
            sign_access_token(claims, key=SIGNING_KEY),
            sign_refresh_token(user_id, new.session_id, 1, key=MAC_KEY),
        )
        return held, a_session(user_id=user_id, **{**row, **changes})

    def block(self, held: Held) -> None:
        self.stores.blocklist.put(BlockedToken(held.token_id, held.user_id, "test", 1, 2_000_000_000))

    def invoke(self, function: str, event: Event) -> Answer:
        self.tables.written = self.tables.written or function != "authorizer"
        handler = importlib.import_module(f"functions.{function}.app").handler
        began = time.monotonic()
        context = Context(milliseconds_left=timeout_of(function) * 1000)
        with self._clock():
            try:
                given = handler(json.loads(json.dumps(event)), context)
            except UnauthorizedError:
                given = {"statusCode": 401, "headers": {}, "body": ""}
            except UnavailableError:
                # As the gateway's response says it.
                given = {"statusCode": 503, "headers": {"Retry-After": "1"}, "body": ""}
        seconds = time.monotonic() - began
        if "statusCode" not in given:
            return Answer(200, given, seconds=seconds)
        body = json.loads(given["body"]) if given["body"] else None
        return Answer(given["statusCode"], body, given["headers"], seconds)

    @contextmanager
    def _clock(self) -> Iterator[None]:
        right = time.time
        with mock.patch.object(time, "time", lambda: right() + self.seconds_later):  # noqa: PT008 - it goes on
            yield

    def state(self) -> dict[str, Any]:
        """What counts in the end: who can log in, with what, which sessions live, which tokens get in."""
        rows = self.tables.rows()
        users = {row["user_id"]["S"]: row for row in rows["Users"]}
        live = {
            (row["user_id"]["S"], row["session_id"]["S"])
            for row in rows["Sessions"]
            if "revoked_at" not in row
            and row["version"] == users.get(row["user_id"]["S"], {}).get("token_version")
        }
        known = {(held.user_id, held.session_id): name for name, held in self.held.items()}
        blocked = {row["jti"]["S"] for row in rows["Blocklist"]}
        return {
            "users": sorted(
                " ".join(row[name]["S"] for name in ("username", "status", "scope", "claims"))
                for row in rows["Users"]
            ),
            "passwords": {row["username"]["S"]: _password_of(row) for row in rows["Credentials"]},
            "can log in": sorted(
                row["username"]["S"]
                for row in rows["Credentials"]
                if users.get(row["user_id"]["S"], {}).get("password_version") == row["password_version"]
            ),
            "live sessions": sorted(known.get(each, f"a new one of {each[0]}") for each in live),
            "let in": sorted(
                name
                for name, held in self.held.items()
                if (held.user_id, held.session_id) in live and held.token_id not in blocked
            ),
            "keys": {row["purpose"]["S"]: _keys_of(row["entries"]["L"]) for row in rows["Keys"]},
        }

    def counter(self, user_id: str, session_id: str) -> int:
        row = self.stores.sessions.read(user_id, session_id)
        return row.counter if row else 0


def timeout_of(function: str) -> int:
    """As the template has it, in seconds."""
    [named] = [each for each in FUNCTIONS.values() if Path(each["CodeUri"]).name == function]
    timeout: int = named.get("Timeout", DOCUMENT["Globals"]["Function"]["Timeout"])
    return timeout


def _password_of(credential: dict[str, Any]) -> str:
    for password in PASSWORDS:
        try:
            WEAK.verify(credential["password_hash"]["S"], password)
        except Exception:  # noqa: BLE001, S112 - whatever it is, it is not this one
            continue
        return password
    return "none that is known"


def _keys_of(entries: list[dict[str, Any]]) -> dict[str, Any]:
    revoked = {each["M"]["key_id"]["S"] for each in entries if "revoked_at" in each["M"]}
    return {
        "the first is revoked": bool(revoked & {SIGNING_KEY.kid, MAC_KEY.key_id}),
        "that may sign": len(entries) - len(revoked),
    }
