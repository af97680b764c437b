"""Blocklist: the ids of single access tokens that are taken back, for as long as they would have lived."""

from typing import Any

from rescind import aws
from rescind.model import BlockedToken
from rescind.store import attributes
from rescind.store.attributes import of_number
from rescind.store.outcome import looked_up


class Blocklist:
    def __init__(self, client: Any, *, table: str) -> None:
        self._client = client
        self._table = table

    def put(self, blocked: BlockedToken) -> None:
        """Block the token. Whichever entry comes last, it outlives the token."""
        item = {
            "jti": {"S": blocked.jti},
            "reason": {"S": blocked.reason},
            "blocked_at": of_number(blocked.blocked_at),
            "ttl": of_number(blocked.ttl),
        }
        if blocked.user_id is not None:
            item["user_id"] = {"S": blocked.user_id}
        with looked_up(lambda: self.read(blocked.jti) is not None):
            aws.call(self._client.put_item, TableName=self._table, Item=item)

    def read(self, jti: str) -> BlockedToken | None:
        """The entry, which refuses for as long as it is there, whatever its TTL."""
        answer = aws.call(
            self._client.get_item, TableName=self._table, Key={"jti": {"S": jti}}, ConsistentRead=True
        )
        if "Item" not in answer:
            return None
        item = answer["Item"]
        return BlockedToken(
            jti=attributes.text(item, "jti"),
            user_id=attributes.text(item, "user_id") if "user_id" in item else None,
            reason=attributes.text(item, "reason"),
            blocked_at=attributes.number(item, "blocked_at"),
            ttl=attributes.number(item, "ttl"),
        )
