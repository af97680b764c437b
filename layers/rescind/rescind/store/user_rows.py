"""The row of a user: read, written, and changed together with others."""

from typing import Any

from rescind.model import Status, User
from rescind.store import attributes
from rescind.store.attributes import of_number


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


def change_of_versions(
    changed: User, *, table: str, token_version: int, password_version: int, only_if_active: bool = False
) -> dict[str, Any]:
    """An update of a user whose versions are still the given ones."""
    condition = "token_version = :read_token_version AND password_version = :read_password_version"
    values = {
        ":token_version": of_number(changed.token_version),
        ":read_token_version": of_number(token_version),
        ":password_version": of_number(changed.password_version),
        ":read_password_version": of_number(password_version),
        ":now": of_number(changed.logged_out_at),
    }
    names = {}
    if only_if_active:
        condition += " AND #status = :active"
        values[":active"] = {"S": Status.ACTIVE.value}
        names = {"ExpressionAttributeNames": {"#status": "status"}}
    return {
        "TableName": table,
        "Key": {"user_id": {"S": changed.user_id}},
        "UpdateExpression": (
            "SET token_version = :token_version, password_version = :password_version, logged_out_at = :now"
        ),
        "ConditionExpression": condition,
        "ExpressionAttributeValues": values,
        **names,
    }


def change_of_scope(granted: User, *, table: str) -> dict[str, Any]:
    """An update by the grants of an issuer: as one by an admin, on the revision that it was decided on."""
    return {
        "TableName": table,
        "Key": {"user_id": {"S": granted.user_id}},
        "UpdateExpression": "SET #scope = :scope, granted_at = :granted_at, revision = :next",
        "ConditionExpression": "revision = :read",
        "ExpressionAttributeNames": {"#scope": "scope"},
        "ExpressionAttributeValues": {
            ":scope": {"S": granted.scope},
            ":granted_at": of_number(granted.granted_at),
            ":next": of_number(granted.revision),
            ":read": of_number(granted.revision - 1),
        },
    }
