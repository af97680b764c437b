"""Users: what every token of a user is held against. The version only ever grows."""

from typing import Any

from rescind import aws
from rescind.model import Lost, Status, UnreadableUser, User, UserPage, Written
from rescind.store import attributes


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
            rows=tuple(_readable_or_not(item) for item in answer["Items"]),
            after=attributes.text(last, "user_id") if last else None,
        )

    def raise_version(
        self, user_id: str, *, version: int, now: int, status: Status | None = None
    ) -> Written | Lost[User]:
        """End every token of the user, and set the status where one is given, if the version is still that.

        Not an ADD: repeated by the SDK, that would also end a login made in between, or make a row of a user
        who has been deleted.
        """
        assignments = ["token_version = :next", "logged_out_at = :now"]
        values = {":next": {"N": str(version + 1)}, ":now": {"N": str(now)}}
        if status is not None:
            assignments.append("#status = :status")
            values[":status"] = {"S": status.value}
        return self._update(user_id, version, assignments, values)

    def change(self, changed: User) -> Written | Lost[User]:
        """Write scope and claims, if the revision is still the one before that of `changed`.

        Not on the version, which moves for other reasons; and not on nothing, or a late repeat by the SDK
        would bring back what somebody has changed since.
        """
        read = changed.revision - 1
        same = "revision = :read" if read else "attribute_exists(user_id) AND attribute_not_exists(revision)"
        try:
            aws.call(
                self._client.update_item,
                TableName=self._table,
                Key={"user_id": {"S": changed.user_id}},
                UpdateExpression="SET #scope = :scope, claims = :claims, revision = :next",
                ConditionExpression=same,
                ExpressionAttributeNames={"#scope": "scope"},
                ExpressionAttributeValues={
                    ":scope": {"S": changed.scope},
                    ":claims": {"S": changed.claims},
                    ":next": {"N": str(changed.revision)},
                    **({":read": {"N": str(read)}} if read else {}),
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except aws.ConditionFailedError as failed:
            return _lost(failed)
        return Written()

    def enable(self, user_id: str, *, version: int) -> Written | Lost[User]:
        """Let the user log in again, if the version is still `version`. Old tokens stay dead."""
        return self._update(user_id, version, ["#status = :status"], {":status": {"S": Status.ACTIVE.value}})

    def delete(self, user_id: str) -> bool:
        """Delete the row, which ends every token of the user; whether it was there."""
        try:
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
        self, user_id: str, version: int, assignments: list[str], values: dict[str, dict[str, str]]
    ) -> Written | Lost[User]:
        names = {"#status": "status"} if "#status = :status" in assignments else {}
        try:
            aws.call(
                self._client.update_item,
                TableName=self._table,
                Key={"user_id": {"S": user_id}},
                UpdateExpression=f"SET {', '.join(assignments)}",
                ConditionExpression="token_version = :version",
                ExpressionAttributeValues={**values, ":version": {"N": str(version)}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **({"ExpressionAttributeNames": names} if names else {}),
            )
        except aws.ConditionFailedError as failed:
            return _lost(failed)
        return Written()


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
        "token_version": {"N": str(user.token_version)},
        "password_version": {"N": str(user.password_version)},
        "logged_out_at": {"N": str(user.logged_out_at)},
        "revision": {"N": str(user.revision)},
    }


def _lost(failed: aws.ConditionFailedError) -> Lost[User]:
    [item] = failed.items
    return Lost(user_of(item) if item else None, repeated=failed.repeated)
