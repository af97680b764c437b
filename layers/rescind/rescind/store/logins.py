"""Logins at other issuers: which of their tokens are used, which sessions these opened, and which have ended.

The rows have names that no token, no user and no session has: `used_` and `login_` in the blocklist, and
`login_` where the table of sessions has its users.
"""

from collections.abc import Mapping
from typing import Any

from rescind import aws
from rescind.model import LoginEnded, Session, TokenUsed, User, Written
from rescind.rules.logout_tokens import ENDED_FOR_SECONDS, keys_of
from rescind.rules.revocations import ScopeChanged
from rescind.rules.subject_tokens import SubjectToken
from rescind.store import attributes
from rescind.store.attributes import Item, of_number
from rescind.store.feed import Feed
from rescind.store.outcome import looked_up
from rescind.store.session_rows import session_item
from rescind.store.transaction import Action, write_together
from rescind.store.user_rows import change_of_scope
from rescind.unavailable import UnavailableError


class Logins:
    def __init__(
        self, client: Any, *, sessions_table: str, users_table: str, blocklist_table: str, feed: Feed
    ) -> None:
        self._client = client
        self._feed = feed
        self._sessions_table = sessions_table
        self._users_table = users_table
        self._blocklist_table = blocklist_table

    def refusal(self, token: SubjectToken) -> TokenUsed | LoginEnded | None:
        """Why the token opens no session any more, by what is written now."""
        used = _used_key(token)
        entries = self._entries([used, *keys_of(token)])
        # By the issuer's clock, both of them.
        if any(_blocked_at(entry) >= token.issued_at for key, entry in entries.items() if key != used):
            return LoginEnded()
        return TokenUsed() if used in entries else None

    def open(
        self, session: Session, token: SubjectToken, *, granted: User | None, now: int
    ) -> Written | TokenUsed:
        """Write the session, what it came from, and that the token is used: all of it or nothing.

        Args:
            session: the new one; its attempt makes a repeat the same request.
            token: that it is opened for.
            granted: the user of another scope or of later grants, which is then written, too.
            now: epoch seconds at the start of the request.

        Raises:
            UnavailableError: nothing is written, as the user has been changed meanwhile; or it failed.
        """
        item = session_item(session)
        used = {
            "jti": {"S": _used_key(token)},
            "user_id": {"S": session.user_id},
            "reason": {"S": "exchanged"},
            "blocked_at": of_number(session.last_used_at),
            "ttl": of_number(token.remembered_until),
        }
        actions: list[Action] = [
            {
                "Put": {
                    "TableName": self._blocklist_table,
                    "Item": used,
                    "ConditionExpression": "attribute_not_exists(jti)",
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
            },
            {
                "Put": {
                    "TableName": self._sessions_table,
                    "Item": item,
                    "ConditionExpression": "attribute_not_exists(session_id)",
                }
            },
            *(
                {
                    "Put": {
                        "TableName": self._sessions_table,
                        "Item": _origin(key, session, token, item["ttl"]),
                    }
                }
                for key in keys_of(token)
            ),
        ]
        if granted is not None:
            changed = ScopeChanged(granted.user_id, granted.scope, granted.revision)
            actions += [
                {"Update": change_of_scope(granted, table=self._users_table)},
                *self._feed.puts(changed, now=now),
            ]
        try:
            write_together(self._client, *actions, request_token=session.attempt)
        except aws.ConditionFailedError as failed:
            # What stands in the way of a repeat may be our own first try: the session's row can tell.
            if failed.items[0] and not failed.repeated:
                return TokenUsed()
            raise UnavailableError("the user is being changed by other requests") from failed
        return Written()

    def end(self, key: str, *, at: int) -> None:
        """Let no token that was issued until second `at`, by the issuer's clock, open a session any more."""

        def is_written() -> bool:
            return any(_blocked_at(entry) >= at for entry in self._entries([key]).values())

        try:
            with looked_up(is_written):
                aws.call(
                    self._client.put_item,
                    TableName=self._blocklist_table,
                    Item={
                        "jti": {"S": key},
                        "reason": {"S": "login_ended"},
                        "blocked_at": of_number(at),
                        "ttl": of_number(at + ENDED_FOR_SECONDS),
                    },
                    ConditionExpression="attribute_not_exists(jti) OR blocked_at < :at",
                    ExpressionAttributeValues={":at": of_number(at)},
                )
        except aws.ConditionFailedError:
            return  # It stands there already, of this second or a later one.

    def sessions_of(self, key: str, *, until: int) -> list[tuple[str, str]]:
        """What its tokens of until then have opened, as (user id, session id), dead ones included."""
        found: list[tuple[str, str]] = []
        start: dict[str, Any] = {}
        while True:
            answer = aws.call(
                self._client.query,
                TableName=self._sessions_table,
                KeyConditionExpression="user_id = :login",
                ExpressionAttributeValues={":login": {"S": key}},
                ConsistentRead=True,
                **start,
            )
            found.extend(
                (attributes.text(item, "owner"), attributes.text(item, "session_id"))
                for item in attributes.rows_of(answer)
                if attributes.number(item, "issued_at") <= until
            )
            if not answer.get("LastEvaluatedKey"):
                return found
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _entries(self, keys: list[str]) -> Mapping[str, Item]:
        """The entries of the blocklist that are there, by name."""
        answer = aws.call(
            self._client.batch_get_item,
            RequestItems={
                self._blocklist_table: {"Keys": [{"jti": {"S": key}} for key in keys], "ConsistentRead": True}
            },
        )
        # A throttled BatchGetItem is a success with keys left over: "not read", never "not there".
        if answer.get("UnprocessedKeys"):
            raise UnavailableError("batch_get_item: UnprocessedKeys")
        items = answer["Responses"].get(self._blocklist_table)
        if items is None:
            raise attributes.MalformedItemError("the answer is not for the blocklist")
        entries = {attributes.text(item, "jti"): item for item in items}
        if not entries.keys() <= set(keys):
            raise attributes.MalformedItemError("the answer has another row")
        return entries


def _used_key(token: SubjectToken) -> str:
    return f"used_{token.digest}"


def _blocked_at(entry: Item) -> int:
    return attributes.number(entry, "blocked_at")


def _origin(key: str, session: Session, token: SubjectToken, ttl: Mapping[str, str]) -> dict[str, Any]:
    """The row that leads from a login to a session of it, for as long as that may live."""
    return {
        "user_id": {"S": key},
        "session_id": {"S": session.session_id},
        "owner": {"S": session.user_id},
        "issued_at": of_number(token.issued_at),
        "ttl": ttl,
    }
