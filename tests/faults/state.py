"""What counts in the end, of all rows: who can log in, with what, and whose sessions and tokens live."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from argon2.exceptions import InvalidHashError, VerificationError

from tests.faults.announced import announced, unannounced
from tests.faults.held import Held
from tests.faults.tables import Row
from tests.functions.conftest import WEAK
from tests.things import MAC_KEY, NEW_PASSWORD, PASSWORD, SIGNING_KEY

_OF_ISSUERS = ("used_", "login_")


class UserSeen(NamedTuple):
    status: str
    scope: str
    claims: str


class KeysSeen(NamedTuple):
    first_is_revoked: bool
    """That of tests/things."""
    may_sign: int
    """How many may."""


@dataclass(frozen=True)
class State:
    users: Mapping[str, UserSeen]
    """By the username."""
    passwords: Mapping[str, str]
    """Likewise."""
    can_log_in: frozenset[str]
    live_sessions: tuple[str, ...]
    """By the names of those who hold them."""
    let_in: frozenset[str]
    """Whose access tokens are."""
    at_issuers: frozenset[str]
    """The rows on their tokens that are used, their logins that have ended, and what those have opened."""
    keys: Mapping[str, KeysSeen]
    unannounced: frozenset[str]
    """Whose access tokens were taken back without a word in the feed."""
    announced: frozenset[str] = field(compare=False)
    """More of it does no harm."""


def state_of(rows: Mapping[str, list[Row]], held: Mapping[str, Held]) -> State:
    users = {row["user_id"]["S"]: row for row in rows["Users"]}
    live = {
        (row["user_id"]["S"], row["session_id"]["S"])
        for row in rows["Sessions"]
        if "owner" not in row  # That is where a session came from.
        and "revoked_at" not in row
        and row["version"] == users.get(row["user_id"]["S"], {}).get("token_version")
    }
    names = {
        **{each: f"a new one of {users[each[0]]['username']['S']}" for each in live},
        **{(each.user_id, each.session_id): name for name, each in held.items()},
    }
    origins = [row for row in rows["Sessions"] if "owner" in row]
    blocked = {row["jti"]["S"] for row in rows["Blocklist"]}
    let_in = frozenset(
        name
        for name, each in held.items()
        if (each.user_id, each.session_id) in live and each.token_id not in blocked
    )
    return State(
        users={
            row["username"]["S"]: UserSeen(row["status"]["S"], row["scope"]["S"], row["claims"]["S"])
            for row in rows["Users"]
        },
        passwords={row["username"]["S"]: _password_of(row) for row in rows["Credentials"]},
        can_log_in=frozenset(
            row["username"]["S"]
            for row in rows["Credentials"]
            if users.get(row["user_id"]["S"], {}).get("password_version") == row["password_version"]
        ),
        live_sessions=tuple(sorted(names[each] for each in live)),
        let_in=let_in,
        at_issuers=frozenset(
            [each for each in blocked if each.startswith(_OF_ISSUERS)]
            + [f"{row['user_id']['S']} of {users[row['owner']['S']]['username']['S']}" for row in origins]
        ),
        keys={row["purpose"]["S"]: _keys_of(row["entries"]["L"]) for row in rows["Keys"]},
        unannounced=unannounced(held.keys() - let_in, rows["Revocations"], held),
        announced=announced(rows["Revocations"], held),
    )


def _password_of(credential: Row) -> str:
    for password in (PASSWORD, NEW_PASSWORD):
        try:
            WEAK.verify(credential["password_hash"]["S"], password)
        except (VerificationError, InvalidHashError):
            continue
        return password
    return "none that is known"


def _keys_of(entries: list[dict[str, Any]]) -> KeysSeen:
    revoked = {each["M"]["key_id"]["S"] for each in entries if "revoked_at" in each["M"]}
    return KeysSeen(bool(revoked & {SIGNING_KEY.kid, MAC_KEY.key_id}), len(entries) - len(revoked))
