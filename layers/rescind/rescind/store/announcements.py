"""Reading the feed: what `store/feed.py` has written with each revocation, page by page."""

import re
from typing import Any

from rescind import aws
from rescind.rules.revocations import (
    Revocation,
    ScopeChanged,
    SessionEnded,
    TokenBlocked,
    TokensEnded,
    UserGone,
)
from rescind.store import attributes
from rescind.store.attributes import Item, MalformedItemError

_AT = re.compile(r"([0-9]{14}) .+")


class Announcements:
    def __init__(self, client: Any, *, table: str) -> None:
        self._client = client
        self._table = table

    def page(self, *, copy: int, after: str, until: str) -> tuple[list[tuple[int, Revocation]], str | None]:
        """Of the rows from the key `after` to `until`, 1 MB at most, each with its writer's second.

        And the key to go on at, where there are more.

        Raises:
            UnavailableError: it could not be read, or a row is none of ours.
        """
        # A stale read would miss what was written a moment ago, so always read strongly.
        answer = aws.call(
            self._client.query,
            TableName=self._table,
            KeyConditionExpression="#copy = :copy AND #at BETWEEN :after AND :until",
            ExpressionAttributeNames={"#copy": "copy", "#at": "at"},
            ExpressionAttributeValues={
                ":copy": {"S": str(copy)},
                ":after": {"S": after},
                ":until": {"S": until},
            },
            ConsistentRead=True,
        )
        last = answer.get("LastEvaluatedKey")
        rows = attributes.rows_of(answer)
        # Whatever else this may be an answer to.
        if not all(after <= attributes.text(row, "at") <= until for row in rows):
            raise MalformedItemError("a row was not asked for")
        announced = [(_second(row), _revocation(row)) for row in rows]
        return announced, attributes.text(last, "at") if last else None


def _second(row: Item) -> int:
    at = _AT.fullmatch(attributes.text(row, "at"))
    if at is None:
        raise MalformedItemError("the row does not say when it was announced")
    return int(at[1]) // 1000


def _revocation(row: Item) -> Revocation:
    if "jti" in row:
        return TokenBlocked(attributes.text(row, "jti"), attributes.number(row, "exp"))
    user_id = attributes.text(row, "sub")
    if "sid" in row:
        return SessionEnded(user_id, attributes.text(row, "sid"))
    if "min_ver" in row:
        return TokensEnded(
            user_id, attributes.number(row, "min_ver"), attributes.number(row, "logged_out_at")
        )
    if "scope" in row:
        return ScopeChanged(user_id, attributes.text(row, "scope"), attributes.number(row, "revision"))
    if "gone" in row:
        return UserGone(user_id)
    raise MalformedItemError("the row announces nothing that we know")
