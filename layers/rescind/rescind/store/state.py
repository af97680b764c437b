"""The authorizer's one read: what the tables say of a token, in one strongly consistent BatchGetItem.

It need not be a snapshot: each revocation makes one of the three rows refuse for good.
"""

from collections.abc import Mapping
from typing import Any

from rescind import aws
from rescind.model import Session, User
from rescind.store.attributes import Item, MalformedItemError
from rescind.store.session_rows import session_of
from rescind.store.user_rows import user_of
from rescind.unavailable import UnavailableError
from rescind.verdict import State


class States:
    def __init__(self, client: Any, *, blocklist_table: str, users_table: str, sessions_table: str) -> None:
        self._client = client
        self._blocklist_table = blocklist_table
        self._users_table = users_table
        self._sessions_table = sessions_table

    def of_token(self, *, jti: str, user_id: str, session_id: str) -> State:
        """The state of an access token, by its claims `jti`, `sub` and `sid`."""
        rows = self._read(
            {self._blocklist_table: {"jti": {"S": jti}}, **self._lineage_keys(user_id, session_id)}
        )
        user, session = self._lineage_of(rows)
        return State(blocked=rows[self._blocklist_table] is not None, user=user, session=session)

    def of_session(self, user_id: str, session_id: str) -> tuple[User | None, Session | None]:
        """The user and the session that a refresh token belongs to."""
        return self._lineage_of(self._read(self._lineage_keys(user_id, session_id)))

    def _lineage_keys(self, user_id: str, session_id: str) -> dict[str, Item]:
        return {
            self._users_table: {"user_id": {"S": user_id}},
            self._sessions_table: {"user_id": {"S": user_id}, "session_id": {"S": session_id}},
        }

    def _lineage_of(self, rows: Mapping[str, Item | None]) -> tuple[User | None, Session | None]:
        user, session = rows[self._users_table], rows[self._sessions_table]
        return user_of(user) if user else None, session_of(session) if session else None

    def _read(self, keys: Mapping[str, Item]) -> dict[str, Item | None]:
        # A stale read would let a revoked token through, so always read strongly.
        answer = aws.call(
            self._client.batch_get_item,
            RequestItems={table: {"Keys": [key], "ConsistentRead": True} for table, key in keys.items()},
        )
        # A throttled BatchGetItem is a success with keys left over: "not read", never "not there".
        if answer.get("UnprocessedKeys"):
            raise UnavailableError("batch_get_item: UnprocessedKeys")
        return {table: _the_row(answer, table, key) for table, key in keys.items()}


def _the_row(answer: Mapping[str, Any], table: str, key: Item) -> Item | None:
    items = answer.get("Responses", {}).get(table)
    if items is None or len(items) > 1:
        raise MalformedItemError(f"the answer for {table} has not one row or none")
    if items and not key.items() <= items[0].items():
        raise MalformedItemError(f"the answer for {table} has another row")
    return items[0] if items else None
