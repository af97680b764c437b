"""Logins at other issuers: which sessions came of them, which of their tokens are used, and which have ended.

The rows have names that no token, no user and no session has: `used_` and `login_` in the blocklist, and
`login_` where the table of sessions has its users.
"""

from typing import Any

from rescind import aws
from rescind.model import LoginEnded, Lost, Session, TokenUsed, Written
from rescind.rules.logout_tokens import ENDED_FOR_SECONDS, keys_of
from rescind.rules.subject_tokens import SubjectToken
from rescind.store import attributes
from rescind.store.attributes import of_number
from rescind.store.outcome import looked_up
from rescind.store.sessions import session_item
from rescind.unavailable import UnavailableError


class Logins:
    def __init__(self, client: Any, *, sessions_table: str, blocklist_table: str) -> None:
        self._client = client
        self._sessions_table = sessions_table
        self._blocklist_table = blocklist_table

    def refusal(self, token: SubjectToken) -> TokenUsed | LoginEnded | None:
        """Why `open` would refuse the token by what is written now; only `open` knows what will be then."""
        ended = [self._read(key) for key in keys_of(token)]
        if any(at is not None and at >= token.issued_at for at in ended):
            return LoginEnded()
        return None if self._read(_used_key(token)) is None else TokenUsed()

    def open(self, session: Session, token: SubjectToken) -> Written | Lost[Session] | TokenUsed | LoginEnded:
        """Write the session, what it came from, and that the token is used: all of it or nothing.

        The attempt of the session makes a repeat the same request.
        """
        login, whole_user = keys_of(token)
        put_used = {
            "TableName": self._blocklist_table,
            "Item": {
                "jti": {"S": _used_key(token)},
                "user_id": {"S": session.user_id},
                "reason": {"S": "exchanged"},
                "blocked_at": of_number(session.last_used_at),
                "ttl": of_number(token.remembered_until),
            },
            "ConditionExpression": "attribute_not_exists(jti)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        item = session_item(session)
        put_session = {
            "TableName": self._sessions_table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(session_id)",
        }
        put_origin = {
            "TableName": self._sessions_table,
            "Item": {
                "user_id": {"S": login},
                "session_id": {"S": session.session_id},
                "owner": {"S": session.user_id},
                "ttl": item["ttl"],
            },
        }
        checks = [
            {
                "TableName": self._blocklist_table,
                "Key": {"jti": {"S": key}},
                "ConditionExpression": "attribute_not_exists(jti) OR blocked_at < :issued_at",
                "ExpressionAttributeValues": {":issued_at": of_number(token.issued_at)},
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
            for key in (login, whole_user)
        ]
        puts = [{"Put": put} for put in (put_used, put_session, put_origin)]
        try:
            aws.call(
                self._client.transact_write_items,
                TransactItems=[*puts, *({"ConditionCheck": check} for check in checks)],
                ClientRequestToken=session.attempt,
            )
        except aws.ConditionFailedError as failed:
            if failed.repeated:
                # What stands in the way may be our own first try: the session's row can tell.
                raise UnavailableError("a repeated transaction that failed by a condition") from failed
            used, _, _, *ended = failed.items
            if any(ended):
                return LoginEnded()
            return TokenUsed() if used else Lost(None, repeated=False)
        return Written()

    def end(self, key: str, *, at: int) -> None:
        """Let no token that was issued until second `at`, by the issuer's clock, open a session any more."""
        try:
            with looked_up(lambda: (self._read(key) or -1) >= at):
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
            return  # Another one has said so, of a later second.

    def sessions_of(self, key: str) -> list[tuple[str, str]]:
        """What tokens of this login have opened, as (user id, session id), dead ones included."""
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
            )
            if not answer.get("LastEvaluatedKey"):
                return found
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _read(self, key: str) -> int | None:
        """When the entry was made; None where there is none."""
        answer = aws.call(
            self._client.get_item,
            TableName=self._blocklist_table,
            Key={"jti": {"S": key}},
            ConsistentRead=True,
        )
        return attributes.number(answer["Item"], "blocked_at") if "Item" in answer else None


def _used_key(token: SubjectToken) -> str:
    return f"used_{token.digest}"
