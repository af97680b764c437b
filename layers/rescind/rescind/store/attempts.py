"""Attempts: how many password guesses have failed, one row for each bucket of `rules/throttle.py`.

A count is one conditional write as a rule, and two when the row holds what has slid out. Each repeats the
limit's condition, so guesses at the same moment cannot pass it together.
"""

from typing import Any

from rescind import aws
from rescind.model import Lost, Written
from rescind.rules.throttle import Full, Tally, Window, counted
from rescind.store import attributes
from rescind.store.attributes import of_number
from rescind.unavailable import UnavailableError

_TRIES = 5
_SLOT = "slot_"


class Attempts:
    def __init__(self, client: Any, *, table: str) -> None:
        self._client = client
        self._table = table

    def count(self, window: Window, *, now: int) -> Full | None:
        """Count a failure, if the window has room for it.

        When an answer is lost and the SDK repeats the write, it counts twice: the side to err on.

        Raises:
            UnavailableError: the write failed, or others changed the row at every try.
        """
        for _ in range(_TRIES):
            found = self._add(window, window.slot(now))
            if isinstance(found, Written):
                return None
            # The window is full, or the row holds what has slid out of it.
            tally = counted(found.row, window, now=now)
            if isinstance(tally, Full):
                return tally
            if self._replace(window, found.row, tally):
                return None
        raise UnavailableError("too many requests count failures in the same place")

    def give_back(self, window: Window, *, now: int) -> None:
        """Take back what was counted at `now`, unless it has slid out or been forgotten since.

        Raises:
            UnavailableError: the write failed.
        """
        try:
            self._update(
                window,
                "ADD #slot :minus, failures :minus, revision :one",
                "#slot >= :one",
                names={"#slot": _name(window.slot(now))},
                values={":one": of_number(1), ":minus": of_number(-1)},
            )
        except aws.ConditionFailedError:
            return

    def forget(self, window: Window) -> None:
        """Forget every failure of a bucket.

        Raises:
            UnavailableError: the write failed.
        """
        aws.call(self._client.delete_item, TableName=self._table, Key={"bucket": {"S": window.bucket}})

    def _add(self, window: Window, slot: int) -> Written | Lost[Tally]:
        """One more in this slot, if all slots of the row belong to the window of the moment."""
        try:
            self._update(
                window,
                "ADD #slot :one, failures :one, revision :one"
                " SET first_slot = if_not_exists(first_slot, :slot), #ttl = :ttl",
                "attribute_not_exists(revision)"
                " OR (failures < :limit AND first_slot BETWEEN :oldest AND :slot)",
                names={"#slot": _name(slot), "#ttl": "ttl"},
                values={
                    ":one": of_number(1),
                    ":slot": of_number(slot),
                    ":oldest": of_number(slot - window.slots),
                    ":limit": of_number(window.limit),
                    ":ttl": of_number(window.ends_at(slot)),
                },
            )
        except aws.ConditionFailedError as failed:
            [item] = failed.items
            return Lost(_tally_of(item) if item else None, repeated=failed.repeated)
        return Written()

    def _replace(self, window: Window, old: Tally | None, new: Tally) -> bool:
        """Write another tally; whether the row was still the old one."""
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(revision)"}
        if old:
            condition = {
                "ConditionExpression": "revision = :old",
                "ExpressionAttributeValues": {":old": of_number(old.revision)},
            }
        item = {
            "bucket": {"S": window.bucket},
            "failures": of_number(new.total),
            "revision": of_number(new.revision),
            "first_slot": of_number(min(new.failures)),
            "ttl": of_number(window.ends_at(max(new.failures))),
            **{_name(slot): of_number(count) for slot, count in new.failures.items()},
        }
        try:
            aws.call(self._client.put_item, TableName=self._table, Item=item, **condition)
        except aws.ConditionFailedError:
            return False
        return True

    def _update(
        self, window: Window, update: str, condition: str, *, names: dict[str, str], values: dict[str, Any]
    ) -> None:
        aws.call(
            self._client.update_item,
            TableName=self._table,
            Key={"bucket": {"S": window.bucket}},
            UpdateExpression=update,
            ConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )


def _tally_of(item: attributes.Item) -> Tally:
    slots = {name: name.removeprefix(_SLOT) for name in item if name.startswith(_SLOT)}
    return Tally(
        attributes.number(item, "revision"),
        {int(slot): attributes.number(item, name) for name, slot in slots.items() if slot.isdecimal()},
    )


def _name(slot: int) -> str:
    return f"{_SLOT}{slot}"
