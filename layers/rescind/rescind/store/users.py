"""Users: what every token of a user is held against. The version only ever grows."""

from collections.abc import Callable
from typing import Any

from rescind import aws
from rescind.model import Lost, Status, UnreadableUser, User, UserPage, Written
from rescind.rules.revocations import Revocation, ScopeChanged, TokensEnded, UserGone
from rescind.store import attributes
from rescind.store.attributes import of_number
from rescind.store.feed import Feed
from rescind.store.outcome import looked_up
from rescind.store.user_rows import user_of


class Users:
    def __init__(self, client: Any, *, table: str, feed: Feed) -> None:
        self._client = client
        self._table = table
        self._feed = feed

    def read(self, user_id: str) -> User | None:
        answer = aws.call(
            self._client.get_item,
            TableName=self._table,
            Key={"user_id": {"S": user_id}},
            ConsistentRead=True,
        )
        return user_of(answer["Item"]) if "Item" in answer else None

    def page(self, *, segment: int, of: int, after: str | None, limit: int) -> UserPage:
        """At most `limit` users of one of `of` segments, from the one behind the user id `after` on.

        The segments have no user in common, and together have all. Who is there from the first page to the
        last is on one of them; who comes meanwhile may be.
        """
        start = {} if after is None else {"ExclusiveStartKey": {"user_id": {"S": after}}}
        answer = aws.call(
            self._client.scan,
            TableName=self._table,
            Segment=segment,
            TotalSegments=of,
            Limit=limit,
            ConsistentRead=True,
            **start,
        )
        last = answer.get("LastEvaluatedKey")
        return UserPage(
            rows=tuple(_readable_or_not(item) for item in attributes.rows_of(answer)),
            after=attributes.text(last, "user_id") if last else None,
        )

    def raise_version(
        self, user_id: str, *, version: int, now: int, status: Status | None = None
    ) -> Written | Lost[User]:
        """End every token of the user, and set the status where one is given, if the version is still that.

        If it has risen, or the user is gone, what has ended those tokens is announced once more.

        Not an ADD: repeated by the SDK, that would also end a login made in between, or make a row of a user
        who has been deleted.
        """
        assignments = "token_version = :next, logged_out_at = :now"
        values: dict[str, Any] = {
            ":version": of_number(version),
            ":next": of_number(version + 1),
            ":now": of_number(now),
        }
        names = {}
        if status is not None:
            assignments += ", #status = :status"
            values[":status"] = {"S": status.value}
            names = {"ExpressionAttributeNames": {"#status": "status"}}

        def is_done(row: User) -> bool:
            return row.token_version > version and (status is None or row.status is status)

        written = self._update(
            user_id,
            is_done=is_done,
            announcing=(TokensEnded(user_id, version + 1, now), now),
            UpdateExpression=f"SET {assignments}",
            ConditionExpression="token_version = :version",
            ExpressionAttributeValues=values,
            **names,
        )
        if isinstance(written, Lost):
            self._feed.announce(_end_of(user_id, written.row), now=now)
        return written

    def announce_end(self, user_id: str, *, now: int) -> None:
        """Announce once more what has ended the user's tokens of before, as it stands in their row."""
        self._feed.announce(_end_of(user_id, self.read(user_id)), now=now)

    def change(self, changed: User, *, now: int) -> Written | Lost[User]:
        """Write scope and claims, if the revision is still the one before that of `changed`.

        Not on the version, which moves for other reasons. And an unconditional write, repeated late by the
        SDK, would bring back what somebody has changed since.
        """
        read_revision = changed.revision - 1
        condition, values = "attribute_exists(user_id) AND attribute_not_exists(revision)", {}
        if read_revision:
            condition, values = "revision = :read", {":read": of_number(read_revision)}
        return self._update(
            changed.user_id,
            is_done=lambda row: _revised(row) == _revised(changed),
            announcing=(ScopeChanged(changed.user_id, changed.scope, changed.revision), now),
            UpdateExpression="SET #scope = :scope, claims = :claims, revision = :next",
            ConditionExpression=condition,
            ExpressionAttributeNames={"#scope": "scope"},
            ExpressionAttributeValues={
                ":scope": {"S": changed.scope},
                ":claims": {"S": changed.claims},
                ":next": of_number(changed.revision),
                **values,
            },
        )

    def enable(self, user_id: str, *, version: int) -> Written | Lost[User]:
        """Let the user log in again, if the version is still `version`. Old tokens stay dead."""
        return self._update(
            user_id,
            is_done=lambda row: (row.token_version, row.status) == (version, Status.ACTIVE),
            UpdateExpression="SET #status = :active",
            ConditionExpression="token_version = :version",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":version": of_number(version), ":active": {"S": Status.ACTIVE.value}},
        )

    def delete(self, user_id: str, *, now: int) -> bool:
        """Delete the row, which ends every token of the user; whether it was there.

        That the user is gone is announced in either case.
        """
        delete = {
            "TableName": self._table,
            "Key": {"user_id": {"S": user_id}},
            "ConditionExpression": "attribute_exists(user_id)",
        }
        gone = UserGone(user_id)
        try:
            self._feed.write(
                {"Delete": delete}, announcing=gone, now=now, is_done=lambda: self.read(user_id) is None
            )
        except aws.ConditionFailedError as failed:
            self._feed.announce(gone, now=now)
            return failed.repeated  # The SDK's own first try may have deleted it.
        return True

    def _update(
        self,
        user_id: str,
        *,
        is_done: Callable[[User], bool],
        announcing: tuple[Revocation, int] | None = None,
        **update: Any,
    ) -> Written | Lost[User]:
        """Write if the condition holds; `is_done` knows a row that has been written.

        `announcing` is what it comes to, and the second at the start of the request.
        """

        def has_been_written() -> bool:
            row = self.read(user_id)
            return row is not None and is_done(row)

        key = {"user_id": {"S": user_id}}
        update |= {"TableName": self._table, "Key": key, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        try:
            if announcing is None:
                with looked_up(has_been_written):
                    aws.call(self._client.update_item, **update)
            else:
                what, now = announcing
                self._feed.write({"Update": update}, announcing=what, now=now, is_done=has_been_written)
        except aws.ConditionFailedError as failed:
            row = failed.items[0]
            return Lost(user_of(row) if row else None, repeated=failed.repeated)
        return Written()


def _end_of(user_id: str, row: User | None) -> TokensEnded | UserGone:
    """What has ended the tokens of all versions before the one that stands there."""
    return TokensEnded(user_id, row.token_version, row.logged_out_at) if row else UserGone(user_id)


def _revised(user: User) -> tuple[int, str, str]:
    return user.revision, user.scope, user.claims


def _readable_or_not(item: attributes.Item) -> User | UnreadableUser:
    # One malformed row must not keep all users behind it from being read.
    try:
        return user_of(item)
    except attributes.MalformedItemError:
        return UnreadableUser(attributes.text(item, "user_id"))
