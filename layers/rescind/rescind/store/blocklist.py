"""Blocklist: the ids of single access tokens that are taken back, for as long as they would have lived."""

from typing import Any

from rescind import aws
from rescind.model import BlockedToken
from rescind.rules.lifetimes import BLOCKED_AFTER_EXPIRY_SECONDS
from rescind.rules.revocations import TokenBlocked
from rescind.store import attributes
from rescind.store.attributes import of_number
from rescind.store.feed import Feed


class Blocklist:
    def __init__(self, client: Any, *, table: str, feed: Feed) -> None:
        self._client = client
        self._table = table
        self._feed = feed

    def put(self, blocked: BlockedToken) -> None:
        """Block the token. Whichever entry comes last, it outlives the token. `blocked_at` is the clock."""
        item = {
            "jti": {"S": blocked.jti},
            "reason": {"S": blocked.reason},
            "blocked_at": of_number(blocked.blocked_at),
            "ttl": of_number(blocked.ttl),
        }
        if blocked.user_id is not None:
            item["user_id"] = {"S": blocked.user_id}
        self._feed.write(
            {"Put": {"TableName": self._table, "Item": item}},
            announcing=_announced(blocked),
            now=blocked.blocked_at,
            is_done=lambda: self.read(blocked.jti) is not None,
        )

    def announce(self, jti: str, *, now: int) -> None:
        """Announce once more that the token is blocked, if it is."""
        blocked = self.read(jti)
        if blocked is not None:
            self._feed.announce(_announced(blocked), now=now)

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


def _announced(blocked: BlockedToken) -> TokenBlocked:
    return TokenBlocked(blocked.jti, blocked.ttl - BLOCKED_AFTER_EXPIRY_SECONDS)
