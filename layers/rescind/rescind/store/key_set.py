"""Keys: one row for each purpose, which holds that purpose's whole key set."""

from collections.abc import Mapping
from typing import Any

from rescind import aws
from rescind.rules.key_set import KeyEntry, KeySet, Purpose
from rescind.store import attributes
from rescind.store.attributes import of_number
from rescind.store.outcome import looked_up


class KeySets:
    def __init__(self, client: Any, *, table: str) -> None:
        self._client = client
        self._table = table

    def read(self, purpose: Purpose) -> KeySet:
        """The set; empty, and of revision 0, before the first write."""
        answer = aws.call(
            self._client.get_item,
            TableName=self._table,
            Key={"purpose": {"S": purpose.value}},
            ConsistentRead=True,
        )
        if "Item" not in answer:
            return KeySet(purpose, 0, ())
        item = answer["Item"]
        entries = tuple(_entry_of(row, purpose) for row in attributes.maps(item, "entries"))
        return KeySet(purpose, attributes.number(item, "revision"), entries)

    def replace(self, old: KeySet, entries: tuple[KeyEntry, ...]) -> bool:
        """Write other entries; whether the set was still the old one: two rotations at once make one."""
        if old.revision == 0:
            condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(purpose)"}
        else:
            condition = {
                "ConditionExpression": "revision = :revision",
                "ExpressionAttributeValues": {":revision": of_number(old.revision)},
            }
        item = {
            "purpose": {"S": old.purpose.value},
            "revision": of_number(old.revision + 1),
            "entries": {"L": [{"M": _entry_item(entry)} for entry in entries]},
        }

        def has_been_replaced() -> bool:
            return self.read(old.purpose).entries == entries

        try:
            with looked_up(has_been_replaced):
                aws.call(self._client.put_item, TableName=self._table, Item=item, **condition)
        except aws.ConditionFailedError as failed:
            return failed.repeated and has_been_replaced()
        return True


def _entry_of(row: attributes.Item, purpose: Purpose) -> KeyEntry:
    return KeyEntry(
        key_id=attributes.text(row, "key_id"),
        signs_from=attributes.number(row, "signs_from"),
        encrypted_key=attributes.binary(row, "encrypted_key"),
        public_key=attributes.binary(row, "public_key") if purpose is Purpose.ACCESS_TOKEN else None,
        revoked_at=attributes.optional_number(row, "revoked_at"),
        # Entries of before it was written down have been known for long.
        added_at=attributes.optional_number(row, "added_at") or 0,
    )


def _entry_item(entry: KeyEntry) -> Mapping[str, Any]:
    item: dict[str, Any] = {
        "key_id": {"S": entry.key_id},
        "signs_from": of_number(entry.signs_from),
        "encrypted_key": {"B": entry.encrypted_key},
        "added_at": of_number(entry.added_at),
    }
    if entry.public_key is not None:
        item["public_key"] = {"B": entry.public_key}
    if entry.revoked_at is not None:
        item["revoked_at"] = of_number(entry.revoked_at)
    return item
