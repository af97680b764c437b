"""Users: what every token of a user is held against. The version only ever grows."""

from collections.abc import Callable
from typing import Any

from rescind import aws
from rescind.model import Lost, Status, UnreadableUser, User, UserPage, Written
from rescind.store import attributes
from rescind.store.attributes import of_number
from rescind.store.outcome import looked_up


class Users:
    def __init__(self, client: Any, *, table: str) -> None:
        self._client = client
        self._table = table

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

        return self._update(
            user_id,
            is_done=is_done,
            UpdateExpression=f"SET {assignments}",
            ConditionExpression="token_version = :version",
            ExpressionAttributeValues=values,
            **names,
        )

    def change(self, changed: User) -> Written | Lost[User]:
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

    def delete(self, user_id: str) -> bool:
        """Delete the row, which ends every token of the user; whether it was there."""
        try:
            with looked_up(lambda: self.read(user_id) is None):
                aws.call(
                    self._client.delete_item,
                    TableName=self._table,
                    Key={"user_id": {"S": user_id}},
                    ConditionExpression="attribute_exists(user_id)",
                )
        except aws.ConditionFailedError as failed:
            return failed.repeated  # The SDK's own first try may have deleted it.
        return True

    def _update(
        self, user_id: str, *, is_done: Callable[[User], bool], **update: Any
    ) -> Written | Lost[User]:
        """Write if the condition holds; `is_done` knows a row that has been written."""

        def has_been_written() -> bool:
            row = self.read(user_id)
            return row is not None and is_done(row)

        try:
            with looked_up(has_been_written):
                aws.call(
                    self._client.update_item,
                    TableName=self._table,
                    Key={"user_id": {"S": user_id}},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **update,
                )
        except aws.ConditionFailedError as failed:
            [item] = failed.items
            return Lost(user_of(item) if item else None, repeated=failed.repeated)
        return Written()


def _revised(user: User) -> tuple[int, str, str]:
    return user.revision, user.scope, user.claims


def user_of(item: attributes.Item) -> User:
    try:
        status = Status(attributes.text(item, "status"))
    except ValueError as error:
        raise attributes.MalformedItemError("the attribute status is none that we know") from error
    return User(
        user_id=attributes.text(item, "user_id"),
        username=attributes.text(item, "username"),
        status=status,
        scope=attributes.text(item, "scope"),
        claims=attributes.json_object(item, "claims"),
        token_version=attributes.number(item, "token_version"),
        password_version=attributes.number(item, "password_version"),
        logged_out_at=attributes.number(item, "logged_out_at"),
        # Rows of before it was written down have never been changed.
        revision=attributes.optional_number(item, "revision") or 0,
        granted_at=attributes.optional_number(item, "granted_at") or 0,
    )


def _readable_or_not(item: attributes.Item) -> User | UnreadableUser:
    # One malformed row must not keep all users behind it from being read.
    try:
        return user_of(item)
    except attributes.MalformedItemError:
        return UnreadableUser(attributes.text(item, "user_id"))


def user_item(user: User) -> dict[str, dict[str, str]]:
    return {
        "user_id": {"S": user.user_id},
        "username": {"S": user.username},
        "status": {"S": user.status.value},
        "scope": {"S": user.scope},
        "claims": {"S": user.claims},
        "token_version": of_number(user.token_version),
        "password_version": of_number(user.password_version),
        "logged_out_at": of_number(user.logged_out_at),
        "revision": of_number(user.revision),
        "granted_at": of_number(user.granted_at),
    }
