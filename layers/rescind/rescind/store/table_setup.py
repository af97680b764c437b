"""How the tables themselves are set up: whether they forget, can be recovered, can be deleted.

Nothing is decided by it. It is for an operator who asks: what cannot be read is said, and hides nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rescind import aws
from rescind.unavailable import UnavailableError

# DynamoDB takes up to an hour to switch it on.
_ON = {"ENABLED", "ENABLING"}


@dataclass(frozen=True, slots=True)
class TableSetup:
    """None stands for what is off, and for what could not be read: `failure` tells."""

    table: str
    """Which one it is to us: `users`."""
    name: str
    """What DynamoDB calls it."""
    status: str | None = None
    ttl: str | None = None
    """The attribute by which rows die."""
    recoverable: bool | None = None
    """To any second of the last 35 days."""
    deletion_protected: bool | None = None
    failure: str | None = None
    """The first call that failed, and how."""


class TableSetups:
    def __init__(self, client: Any, *, tables: Mapping[str, str]) -> None:
        """`tables` gives DynamoDB's name by ours."""
        self._client = client
        self._tables = tables

    def of_all(self) -> list[TableSetup]:
        return [self._of(table, name) for table, name in self._tables.items()]

    def _of(self, table: str, name: str) -> TableSetup:
        try:
            described = aws.call(self._client.describe_table, TableName=name)
            ttl = aws.call(self._client.describe_time_to_live, TableName=name)
            backups = aws.call(self._client.describe_continuous_backups, TableName=name)
        except UnavailableError as error:
            return TableSetup(table, name, failure=str(error))
        return TableSetup(
            table,
            name,
            status=_in(described, "Table").get("TableStatus"),
            ttl=_attribute(_in(ttl, "TimeToLiveDescription")),
            recoverable=_in(
                _in(backups, "ContinuousBackupsDescription"), "PointInTimeRecoveryDescription"
            ).get("PointInTimeRecoveryStatus")
            == "ENABLED",
            deletion_protected=_in(described, "Table").get("DeletionProtectionEnabled") is True,
        )


def _attribute(ttl: Mapping[str, Any]) -> str | None:
    return ttl.get("AttributeName") if ttl.get("TimeToLiveStatus") in _ON else None


def _in(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part: Mapping[str, Any] = answer.get(name) or {}
    return part
