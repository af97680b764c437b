"""A user and the credential that leads to it: made together and deleted together, or not at all."""

from typing import Any

from rescind import aws
from rescind.model import Credential, User
from rescind.store.credentials import credential_item
from rescind.store.users import user_item


class Accounts:
    def __init__(self, client: Any, *, credentials_table: str, users_table: str) -> None:
        self._client = client
        self._credentials_table = credentials_table
        self._users_table = users_table

    def create(self, user: User, credential: Credential) -> bool:
        """Write both rows; whether the username was free. User ids are random and never come twice."""
        return self._transact(
            {
                "Put": {
                    "TableName": self._credentials_table,
                    "Item": credential_item(credential),
                    "ConditionExpression": "attribute_not_exists(username)",
                }
            },
            {
                "Put": {
                    "TableName": self._users_table,
                    "Item": user_item(user),
                    "ConditionExpression": "attribute_not_exists(user_id)",
                }
            },
        )

    def delete(self, user: User) -> bool:
        """Delete both rows, which ends every token of the user; whether both were there, and of this user."""
        return self._transact(
            {
                "Delete": {
                    "TableName": self._credentials_table,
                    "Key": {"username": {"S": user.username}},
                    "ConditionExpression": "user_id = :user_id",
                    "ExpressionAttributeValues": {":user_id": {"S": user.user_id}},
                }
            },
            {
                "Delete": {
                    "TableName": self._users_table,
                    "Key": {"user_id": {"S": user.user_id}},
                    "ConditionExpression": "attribute_exists(user_id)",
                }
            },
        )

    def _transact(self, *actions: dict[str, Any]) -> bool:
        # botocore adds a ClientRequestToken, the same for its repeats: a repeated success is a success.
        try:
            aws.call(self._client.transact_write_items, TransactItems=list(actions))
        except aws.ConditionFailedError:
            return False
        return True
