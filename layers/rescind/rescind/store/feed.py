"""The feed: what was revoked in the last hour, by time. Written with each revocation, read in feed mode only.

A row's key begins with its writer's clock, so a reader asks for what is new by one range; the rest of the key
is what was revoked, so that the SDK's repeat of a write is the same row. Each row stands there in several
copies, of which a reader asks for one: a partition serves 3,000 reads a second.
"""

from collections.abc import Callable
from typing import Any

from rescind.rules.revocations import (
    KEPT_SECONDS,
    Revocation,
    ScopeChanged,
    SessionEnded,
    TokenBlocked,
    TokensEnded,
    UserGone,
    key_at,
)
from rescind.store.attributes import of_number
from rescind.store.outcome import is_known
from rescind.store.transaction import Action, write_together
from rescind.unavailable import UnavailableError


class Feed:
    def __init__(self, client: Any, *, table: str, copies: int) -> None:
        self._client = client
        self._table = table
        self._copies = copies

    def write(
        self,
        *actions: Action,
        announcing: Revocation,
        now: int,
        is_done: Callable[[], bool] = lambda: False,
        request_token: str | None = None,
    ) -> None:
        """Write a revocation and its announcement, together or not at all.

        Args:
            actions: write what is announced.
            announcing: what they come to.
            now: epoch seconds at the start of the request.
            is_done: after a failure, knows by the rows that it has been written.
            request_token: makes a repeat the same request.

        Raises:
            ConditionFailedError: a condition did not hold; the rows are in the order of the actions.
            UnavailableError: it may have been written all the same.
        """
        try:
            write_together(
                self._client, *actions, *self.puts(announcing, now=now), request_token=request_token
            )
        except UnavailableError:
            if not is_known(is_done):
                raise
            # By its rows alone, which may be the work of somebody who died long ago. And DynamoDB shows the
            # rows of a transaction one after the other.
            self.announce(announcing, now=now)

    def puts(self, revocation: Revocation, *, now: int) -> list[Action]:
        """To write in the transaction of the state that is announced. `now`: at the start of the request."""
        return [
            {"Put": {"TableName": self._table, "Item": _item(revocation, copy=copy, now=now)}}
            for copy in range(self._copies)
        ]

    def announce(self, revocation: Revocation, *, now: int) -> None:
        """Announce what had been written before: whoever wrote it may have died before anybody knew.

        Raises:
            UnavailableError: it may not have been written.
        """
        write_together(self._client, *self.puts(revocation, now=now))


def _item(revocation: Revocation, *, copy: int, now: int) -> dict[str, dict[str, str]]:
    name, members = _written(revocation)
    return {
        "copy": {"S": str(copy)},
        "at": {"S": f"{key_at(now * 1000)} {name}"},
        "ttl": of_number(now + KEPT_SECONDS),
        **members,
    }


def _written(revocation: Revocation) -> tuple[str, dict[str, dict[str, str]]]:
    """What makes the row the only one of its second, and what it says."""
    match revocation:
        case TokenBlocked(jti, exp):
            return jti, {"jti": {"S": jti}, "exp": of_number(exp)}
        case SessionEnded(user_id, session_id):
            return session_id, {"sub": {"S": user_id}, "sid": {"S": session_id}}
        case TokensEnded(user_id, version, logged_out_at):
            return f"{user_id} {version}", {
                "sub": {"S": user_id},
                "min_ver": of_number(version),
                "logged_out_at": of_number(logged_out_at),
            }
        case UserGone(user_id):
            return f"{user_id} gone", {"sub": {"S": user_id}, "gone": of_number(1)}
        case ScopeChanged(user_id, scope, revision):
            return f"{user_id} scope {revision}", {
                "sub": {"S": user_id},
                "scope": {"S": scope},
                "revision": of_number(revision),
            }
