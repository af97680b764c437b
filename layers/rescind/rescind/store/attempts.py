"""Attempts: how many password guesses have failed, one row for each bucket of `rules/throttle.py`.

A count is one conditional write, so guesses at the same moment cannot pass a limit together.
"""

from typing import Any

from rescind import aws
from rescind.model import Lost, Written
from rescind.rules.throttle import Full, Tally, Window, counted
from rescind.store import attributes
from rescind.unavailable import UnavailableError

_TRIES = 5


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
            # The window is full, or the row knows nothing of this slot yet.
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
                "SET failures.#slot = failures.#slot - :one, failures_total = failures_total - :one,"
                " revision = revision + :one",
                "failures.#slot >= :one",
                names={"#slot": str(window.slot(now))},
                values={":one": _n(1)},
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
        """One more in a slot that the row has already; then its total is that of the window of the moment."""
        try:
            self._update(
                window,
                "SET failures.#slot = failures.#slot + :one, failures_total = failures_total + :one,"
                " revision = revision + :one",
                "attribute_exists(failures.#slot) AND failures_total < :limit",
                names={"#slot": str(slot)},
                values={":one": _n(1), ":limit": _n(window.limit)},
            )
        except aws.ConditionFailedError as failed:
            [item] = failed.items
            return Lost(_tally_of(item) if item else None, repeated=failed.repeated)
        return Written()

    def _replace(self, window: Window, old: Tally | None, new: Tally) -> bool:
        """Write another tally; whether the row was still the old one."""
        values = {
            ":failures": {"M": {str(slot): _n(count) for slot, count in new.failures.items()}},
            ":total": _n(new.total),
            ":revision": _n(new.revision),
            ":ttl": _n(window.ends_at(max(new.failures)) + window.slot_seconds),
        }
        try:
            self._update(
                window,
                "SET failures = :failures, failures_total = :total, revision = :revision, #ttl = :ttl",
                "revision = :old" if old else "attribute_not_exists(revision)",
                names={"#ttl": "ttl"},
                values={**values, ":old": _n(old.revision)} if old else values,
            )
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
    failures = item.get("failures", {}).get("M")
    if not isinstance(failures, dict):
        raise attributes.MalformedItemError("the attribute failures is not a map")
    return Tally(
        attributes.number(item, "revision"),
        {_slot(name): attributes.number(failures, name) for name in failures},
    )


def _slot(name: str) -> int:
    if not name.isdigit():
        raise attributes.MalformedItemError("a slot of the attribute failures is not a number")
    return int(name)


def _n(number: int) -> dict[str, str]:
    return {"N": str(number)}
