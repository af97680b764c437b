"""A user, the credential that leads to it, and what changes both: written together, or not at all."""

from hmac import compare_digest
from typing import Any

from rescind import aws
from rescind.model import Credential, Session, User
from rescind.rules.revocations import TokensEnded, UserGone
from rescind.store.attributes import of_number
from rescind.store.credentials import Credentials, credential_item
from rescind.store.feed import Feed
from rescind.store.outcome import looked_up
from rescind.store.session_rows import session_item
from rescind.store.transaction import Action, write_together
from rescind.store.user_rows import change_of_versions, user_item
from rescind.store.users import Users


class Accounts:
    def __init__(
        self, client: Any, *, credentials_table: str, users_table: str, sessions_table: str, feed: Feed
    ) -> None:
        self._client = client
        self._feed = feed
        self._credentials_table = credentials_table
        self._users_table = users_table
        self._sessions_table = sessions_table
        self._credentials = Credentials(client, table=credentials_table)
        self._users = Users(client, table=users_table, feed=feed)

    def create(self, user: User, credential: Credential) -> bool:
        """Write both rows; whether the username was free. User ids are random and never come twice."""
        link = {
            "TableName": self._credentials_table,
            "Item": credential_item(credential),
            "ConditionExpression": "attribute_not_exists(username)",
        }
        row = {
            "TableName": self._users_table,
            "Item": user_item(user),
            "ConditionExpression": "attribute_not_exists(user_id)",
        }
        try:
            with looked_up(lambda: self._has_user(user.user_id)):
                write_together(self._client, {"Put": link}, {"Put": row})
        except aws.ConditionFailedError:
            return False
        return True

    def change_password(self, changed: User, *, password_hash: str, session: Session, now: int) -> bool:
        """Write the new hash, both versions and the new session; whether all was as it was read.

        After a failure it is for the caller to look for the session: what else it is to be, only they know.

        Args:
            changed: the user as they shall stand, each version 1 above the one that was read.
            password_hash: of the new password.
            session: the new session, of the new token version; its attempt makes a repeat the same request.
            now: epoch seconds at the start of the request.
        """
        user = change_of_versions(
            changed,
            table=self._users_table,
            token_version=changed.token_version - 1,
            password_version=changed.password_version - 1,
            only_if_active=True,
        )
        credential = {
            "Update": {
                "TableName": self._credentials_table,
                "Key": {"username": {"S": changed.username}},
                "UpdateExpression": "SET password_hash = :hash, password_version = :password_version",
                "ConditionExpression": "user_id = :user_id AND password_version = :old_password_version",
                "ExpressionAttributeValues": {
                    ":hash": {"S": password_hash},
                    ":user_id": {"S": changed.user_id},
                    ":password_version": of_number(changed.password_version),
                    ":old_password_version": of_number(changed.password_version - 1),
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
        return self._revoke(
            {"Update": user},
            credential,
            put,
            announcing=_end_of_others(changed),
            now=now,
            request_token=session.attempt,
        )

    def set_password(
        self,
        user: User,
        credential: Credential,
        *,
        read_user: User,
        read_credential: Credential | None,
        attempt: str,
        now: int,
    ) -> bool:
        """Write the user's versions and the credential; whether both were still as they had been read.

        Args:
            user: as they shall stand; the status is left alone.
            credential: as it shall stand.
            read_user: as they were read.
            read_credential: as it was read, of this user; None where the username had none.
            attempt: makes a repeat the same request; another one for each call.
            now: epoch seconds at the start of the request.
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
                ":password_version": of_number(read_credential.password_version),
            }
        update = change_of_versions(
            user,
            table=self._users_table,
            token_version=read_user.token_version,
            password_version=read_user.password_version,
        )
        return self._revoke(
            {"Update": update},
            {"Put": put},
            announcing=_end_of_others(user),
            now=now,
            request_token=attempt,
            is_done=lambda: self._has_hash(credential),
        )

    def delete(self, user: User, *, now: int) -> bool:
        """Delete both rows, which ends every token of the user; whether both were there, and of this user."""
        link = {
            "TableName": self._credentials_table,
            "Key": {"username": {"S": user.username}},
            "ConditionExpression": "user_id = :user_id",
            "ExpressionAttributeValues": {":user_id": {"S": user.user_id}},
        }
        row = {
            "TableName": self._users_table,
            "Key": {"user_id": {"S": user.user_id}},
            "ConditionExpression": "attribute_exists(user_id)",
        }
        return self._revoke(
            {"Delete": link},
            {"Delete": row},
            announcing=UserGone(user.user_id),
            now=now,
            is_done=lambda: not self._has_user(user.user_id),
        )

    def _revoke(self, *actions: Action, **announced: Any) -> bool:
        """Whether the conditions held; by what `Feed.write` takes."""
        try:
            self._feed.write(*actions, **announced)
        except aws.ConditionFailedError:
            return False
        return True

    def _has_user(self, user_id: str) -> bool:
        return self._users.read(user_id) is not None

    def _has_hash(self, credential: Credential) -> bool:
        """The hash has a salt of its own, so nobody else can have written it."""
        row = self._credentials.read(credential.username)
        return row is not None and compare_digest(row.password_hash, credential.password_hash)


def _end_of_others(changed: User) -> TokensEnded:
    return TokensEnded(changed.user_id, changed.token_version, changed.logged_out_at)
