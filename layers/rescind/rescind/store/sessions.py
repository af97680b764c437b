"""Sessions: one row for each login. Every write is conditional, and none brings an ended session back."""

from typing import Any

from rescind import aws
from rescind.model import Lost, Session, Written
from rescind.rules.lifetimes import ACCESS_TOKEN_CEILING_SECONDS
from rescind.rules.revocations import SessionEnded
from rescind.store import attributes
from rescind.store.attributes import of_number
from rescind.store.feed import Feed
from rescind.store.session_rows import session_item, session_of

TOMBSTONE_SECONDS = ACCESS_TOKEN_CEILING_SECONDS + 120
"""An ended session's row outlives its access tokens, and any late copy of the put that made it."""


class Sessions:
    def __init__(self, client: Any, *, table: str, feed: Feed) -> None:
        self._client = client
        self._table = table
        self._feed = feed

    def read(self, user_id: str, session_id: str) -> Session | None:
        answer = aws.call(
            self._client.get_item,
            TableName=self._table,
            Key=_key(user_id, session_id),
            ConsistentRead=True,
        )
        return session_of(answer["Item"]) if "Item" in answer else None

    def of_user(self, user_id: str) -> list[Session]:
        """Every row of the user, dead ones included."""
        sessions: list[Session] = []
        start: dict[str, Any] = {}
        while True:
            answer = aws.call(
                self._client.query,
                TableName=self._table,
                KeyConditionExpression="user_id = :user_id",
                ExpressionAttributeValues={":user_id": {"S": user_id}},
                ConsistentRead=True,
                **start,
            )
            sessions.extend(session_of(item) for item in attributes.rows_of(answer))
            if not answer.get("LastEvaluatedKey"):
                return sessions
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def put(self, session: Session) -> Written | Lost[Session]:
        """Write a new session, if there is none of its id."""
        try:
            aws.call(
                self._client.put_item,
                TableName=self._table,
                Item=session_item(session),
                ConditionExpression="attribute_not_exists(session_id)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except aws.ConditionFailedError as failed:
            return _lost(failed)
        return Written()

    def advance(
        self, session: Session, *, now: int, idle_expires_at: int, attempt: str
    ) -> Written | Lost[Session]:
        """Make the next refresh token the current one, if the session is as it was read and still live.

        The condition repeats the decision: deciding on a read is not enough.
        """
        try:
            aws.call(
                self._client.update_item,
                TableName=self._table,
                Key=_key(session.user_id, session.session_id),
                UpdateExpression=(
                    "SET #counter = :next, rotated_at = :now, last_used_at = :now,"
                    " idle_expires_at = :idle, attempt = :attempt"
                ),
                ConditionExpression=(
                    "#counter = :counter AND attribute_not_exists(revoked_at)"
                    " AND idle_expires_at > :now AND absolute_expires_at > :now"
                ),
                ExpressionAttributeNames={"#counter": "counter"},
                ExpressionAttributeValues={
                    ":counter": of_number(session.counter),
                    ":next": of_number(session.counter + 1),
                    ":now": of_number(now),
                    ":idle": of_number(idle_expires_at),
                    ":attempt": {"S": attempt},
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except aws.ConditionFailedError as failed:
            return _lost(failed)
        return Written()

    def end(self, user_id: str, session_id: str, *, now: int) -> bool:
        """End the session; whether it had not ended before. A missing row has ended."""
        ended_at = now

        def has_ended() -> bool:
            nonlocal ended_at
            row = self.read(user_id, session_id)
            if row is None or row.revoked_at is None:
                return False
            ended_at = row.revoked_at
            return True

        update = {
            "TableName": self._table,
            "Key": _key(user_id, session_id),
            "UpdateExpression": "SET revoked_at = :now, #ttl = :ttl",
            "ConditionExpression": "attribute_exists(session_id) AND attribute_not_exists(revoked_at)",
            "ExpressionAttributeNames": {"#ttl": "ttl"},
            "ExpressionAttributeValues": {":now": of_number(now), ":ttl": of_number(now + TOMBSTONE_SECONDS)},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        ended = SessionEnded(user_id, session_id)
        try:
            self._feed.write({"Update": update}, announcing=ended, now=now, is_done=has_ended)
        except aws.ConditionFailedError as failed:
            row = failed.items[0]
            if row is None:
                return False  # Its tokens are dead, or were never handed out.
            self._feed.announce(ended, now=now)
            # The SDK's own first try may have ended it: then it is this request that did.
            return failed.repeated and row.get("revoked_at") == of_number(now)
        return ended_at == now


def _lost(failed: aws.ConditionFailedError) -> Lost[Session]:
    [item] = failed.items
    return Lost(session_of(item) if item else None, repeated=failed.repeated)


def _key(user_id: str, session_id: str) -> dict[str, dict[str, str]]:
    return {"user_id": {"S": user_id}, "session_id": {"S": session_id}}
