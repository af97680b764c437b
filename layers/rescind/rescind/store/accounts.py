"""A user, the credential that leads to it, and what changes both: written together, or not at all."""

from typing import Any

from rescind import aws
from rescind.model import Credential, Session, Status, User
from rescind.store.credentials import credential_item
from rescind.store.sessions import session_item
from rescind.store.users import user_item


class Accounts:
    def __init__(self, client: Any, *, credentials_table: str, users_table: str, sessions_table: str) -> None:
        self._client = client
        self._credentials_table = credentials_table
        self._users_table = users_table
        self._sessions_table = sessions_table

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

    def change_password(self, changed: User, *, password_hash: str, session: Session) -> bool:
        """Write the new hash, both versions and the new session; whether all was as it was read.

        Args:
            changed: the user as they shall stand, each version 1 above the one that was read.
            password_hash: of the new password.
            session: the new session, of the new token version; its attempt makes a repeat the same request.
        """
        versions = {
            ":token_version": {"N": str(changed.token_version)},
            ":old_token_version": {"N": str(changed.token_version - 1)},
            ":password_version": {"N": str(changed.password_version)},
            ":old_password_version": {"N": str(changed.password_version - 1)},
        }
        user = {
            "Update": {
                "TableName": self._users_table,
                "Key": {"user_id": {"S": changed.user_id}},
                "UpdateExpression": (
                    "SET token_version = :token_version, password_version = :password_version,"
                    " logged_out_at = :now"
                ),
                "ConditionExpression": (
                    "token_version = :old_token_version AND #status = :active"
                    " AND password_version = :old_password_version"
                ),
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": {
                    **versions,
                    ":active": {"S": Status.ACTIVE.value},
                    ":now": {"N": str(changed.logged_out_at)},
                },
            }
        }
        credential = {
            "Update": {
                "TableName": self._credentials_table,
                "Key": {"username": {"S": changed.username}},
                "UpdateExpression": "SET password_hash = :hash, password_version = :password_version",
                "ConditionExpression": "user_id = :user_id AND password_version = :old_password_version",
                "ExpressionAttributeValues": {
                    ":hash": {"S": password_hash},
                    ":user_id": {"S": changed.user_id},
                    ":password_version": versions[":password_version"],
                    ":old_password_version": versions[":old_password_version"],
                },
            }
        }
        put = {
            "Put": {
                "TableName": self._sessions_table,
                "Item": session_item(session),
                "ConditionExpression": "attribute_not_exists(session_id)",
            }
        }
        return self._transact(user, credential, put, request_token=session.attempt)

    def set_password(
        self,
        user: User,
        credential: Credential,
        *,
        read_user: User,
        read_credential: Credential | None,
        attempt: str,
    ) -> bool:
        """Write the user's versions and the credential; whether both were still as they had been read.

        Args:
            user: as they shall stand; the status is left alone.
            credential: likewise.
            read_user: as they were read.
            read_credential: likewise, of this user; None where the username had none.
            attempt: makes a repeat the same request; another one for each call.
        """
        put: dict[str, Any] = {
            "TableName": self._credentials_table,
            "Item": credential_item(credential),
            "ConditionExpression": "attribute_not_exists(username)",
        }
        if read_credential is not None:
            # A username may have been given to another user since, and a user id never is.
            put["ConditionExpression"] = "user_id = :user_id AND password_version = :password_version"
            put["ExpressionAttributeValues"] = {
                ":user_id": {"S": read_credential.user_id},
                ":password_version": {"N": str(read_credential.password_version)},
            }
        update = {
            "TableName": self._users_table,
            "Key": {"user_id": {"S": user.user_id}},
            "UpdateExpression": (
                "SET token_version = :token_version, password_version = :password_version,"
                " logged_out_at = :now"
            ),
            "ConditionExpression": (
                "token_version = :read_token_version AND password_version = :read_password_version"
            ),
            "ExpressionAttributeValues": {
                ":token_version": {"N": str(user.token_version)},
                ":read_token_version": {"N": str(read_user.token_version)},
                ":password_version": {"N": str(user.password_version)},
                ":read_password_version": {"N": str(read_user.password_version)},
                ":now": {"N": str(user.logged_out_at)},
            },
        }
        return self._transact({"Update": update}, {"Put": put}, request_token=attempt)

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

    def _transact(self, *actions: dict[str, Any], request_token: str | None = None) -> bool:
        # By the token DynamoDB knows a repeat for the same request, and a repeated success is a success.
        # botocore adds one of its own where there is none.
        token = {"ClientRequestToken": request_token} if request_token else {}
        try:
            aws.call(self._client.transact_write_items, TransactItems=list(actions), **token)
        except aws.ConditionFailedError:
            return False
        return True
