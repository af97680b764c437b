"""Users of a deployment, their sessions and tokens, another issuer, and who is asked; each time anew."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rescind.issuer_keys import Documents, IssuerKeyring
from rescind.model import BlockedToken
from rescind.store.credentials import credential_item
from rescind.store.session_rows import session_item
from rescind.store.user_rows import user_item
from tests.faults.held import Held, a_new_session
from tests.faults.injector import FaultInjector
from tests.faults.permissions import Permission
from tests.faults.state import State, state_of
from tests.faults.tables import Row, Tables
from tests.functions.conftest import WEAK_HASH
from tests.issuers import CLIENT, ISSUER, Issuer
from tests.people import Person
from tests.requests import Answer, Call
from tests.sandbox import Clock, Sandbox
from tests.tables import Stores
from tests.things import NOW, a_credential, a_user

ADA, BOB = (Person(f"usr_{name[0] * 21}A", name) for name in ("ada", "bob"))
_SESSIONS = {"phone": ADA, "laptop": ADA, "bob's": BOB}
_TRUST = {"TRUSTED_ISSUERS": f"{ISSUER} {CLIENT} groups=admins->admin", "AUTO_PROVISION": "enabled"}


@dataclass(frozen=True)
class Outcome:
    """What comes of a request when nothing goes wrong."""

    answer: Answer
    calls: tuple[str, ...]
    before: State
    after: State
    used: frozenset[Permission]


@dataclass
class World:
    stores: Stores
    """Past the sandbox and all faults."""
    tables: Tables
    aws: FaultInjector
    key_rows: list[Row]
    clock: Clock = field(default_factory=Clock)
    held: dict[str, Held] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """By scenario, when nothing goes wrong; each is tried once."""
    issuer: Issuer = field(default_factory=Issuer)
    documents: Documents | None = None
    """Where what it publishes is read, in place of its memory, which answers whatever becomes of AWS."""

    def begin(self, settings: Mapping[str, str], *, hasty: bool = False) -> None:
        """Ada with two sessions, Bob with one, and a new sandbox."""
        self.aws.begin()
        self.clock.now = NOW
        clients = self.aws.hasty_clients if hasty else self.aws.clients
        given = {**clients, "issuer_keyring": IssuerKeyring(self.documents or self.issuer)}
        self._sandbox = Sandbox(self.clock, environment={**_TRUST, **settings}, given=given)
        new = {
            # One after the other, as there is an oldest one.
            name: a_new_session(owner.user_id, now=NOW, created_at_ms=NOW * 1000 + number)
            for number, (name, owner) in enumerate(_SESSIONS.items())
        }
        self.held = {name: held for name, (held, _) in new.items()}
        known: list[dict[str, Any]] = [
            {"user_id": each.user_id, "username": each.username} for each in (ADA, BOB)
        ]
        self.tables.begin_with(
            {
                "Keys": self.key_rows,
                "Users": [user_item(a_user(logged_out_at=0, **each)) for each in known],
                "Credentials": [
                    credential_item(a_credential(password_hash=WEAK_HASH, **each)) for each in known
                ],
                "Sessions": [session_item(row) for _, row in new.values()],
            }
        )

    def ask(self, call: Call) -> Answer:
        self.tables.written = True
        return self._sandbox.ask(call)

    def open_session(self, **changes: Any) -> Held:
        """Another one of Ada's."""
        held, row = a_new_session(ADA.user_id, now=NOW, **changes)
        self.stores.sessions.put(row)
        return held

    def block(self, held: Held) -> None:
        self.stores.blocklist.put(BlockedToken(held.token_id, held.user_id, "test", 1, 2_000_000_000))

    def state(self) -> State:
        return state_of(self.tables.rows(), self.held)

    def counter(self, user_id: str, session_id: str) -> int:
        row = self.stores.sessions.read(user_id, session_id)
        return row.counter if row else 0
