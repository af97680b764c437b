"""Credentials: username -> whose it is, and the password's hash."""

from typing import Any

from rescind import aws
from rescind.model import Credential
from rescind.store import attributes
from rescind.store.attributes import of_number


class Credentials:
    def __init__(self, client: Any, *, table: str) -> None:
        self._client = client
        self._table = table

    def read(self, username: str) -> Credential | None:
        answer = aws.call(
            self._client.get_item,
            TableName=self._table,
            Key={"username": {"S": username}},
            ConsistentRead=True,
        )
        return credential_of(answer["Item"]) if "Item" in answer else None

    def rehash(self, credential: Credential, *, password_hash: str) -> bool:
        """Replace the hash by another of the same password; whether it was still that user's and password's.

        Args:
            credential: as it was when the password was verified.
            password_hash: the new one.
        """
        try:
            aws.call(
                self._client.update_item,
                TableName=self._table,
                Key={"username": {"S": credential.username}},
                UpdateExpression="SET password_hash = :hash",
                # A username may have been given to another user since, and a user id never is.
                ConditionExpression="user_id = :user_id AND password_version = :password_version",
                ExpressionAttributeValues={
                    ":hash": {"S": password_hash},
                    ":user_id": {"S": credential.user_id},
                    ":password_version": of_number(credential.password_version),
                },
            )
        except aws.ConditionFailedError:
            return False
        return True


def credential_of(item: attributes.Item) -> Credential:
    return Credential(
        username=attributes.text(item, "username"),
        user_id=attributes.text(item, "user_id"),
        password_hash=attributes.text(item, "password_hash"),
        password_version=attributes.number(item, "password_version"),
    )


def credential_item(credential: Credential) -> dict[str, dict[str, str]]:
    return {
        "username": {"S": credential.username},
        "user_id": {"S": credential.user_id},
        "password_hash": {"S": credential.password_hash},
        "password_version": of_number(credential.password_version),
    }
