"""Stands between the SDK and the emulator, and notes what each call takes: by the rules, and as told."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.capacity.units import WRITES, Tables, Units, units_of
from tests.tables import table_keys

_TOLD = {"GetItem", "BatchGetItem", "Query", *WRITES}


@dataclass(frozen=True)
class Metered:
    """One call to AWS."""

    operation: str
    units: Units
    told: Units | None
    """What the emulator says that it took; None where it does not say."""


class Meter:
    def __init__(self, clients: Mapping[str, Any], reader: Any, *, prefix: str) -> None:
        """`reader` is a client of its own, whose calls are nobody's."""
        self.calls: list[Metered] = []
        self.is_on = False
        self._reader, self._prefix = reader, prefix
        self._keys = {prefix + name: keys for name, keys in table_keys().items()}
        for service in ("dynamodb", "kms"):
            events = clients[service].meta.events
            events.register(f"before-call.{service}", self._before)
            events.register(f"after-call.{service}", self._after)

    def _before(self, model: Any, params: Any, **_: Any) -> None:
        if not self.is_on:
            return
        self._request = json.loads(params["body"])
        if model.name in _TOLD:
            params["body"] = json.dumps({**self._request, "ReturnConsumedCapacity": "TOTAL"}).encode()
        self._rows_before = self._rows()

    def _after(self, model: Any, parsed: Any, **_: Any) -> None:
        if not self.is_on:
            return
        rows_after = self._rows() if model.name in WRITES else self._rows_before
        units = units_of(model.name, self._request, self._rows_before, rows_after)
        self.calls.append(Metered(model.name, self._named(units), self._told(model.name, parsed)))

    def _rows(self) -> Tables:
        """Of the tables that the call is about."""
        text = json.dumps(self._request)
        rows = {
            table: self._reader.scan(TableName=table)["Items"] for table in self._keys if f'"{table}"' in text
        }
        return Tables(rows, self._keys)

    def _told(self, operation: str, parsed: Any) -> Units | None:
        said = parsed.get("ConsumedCapacity")
        if not said:
            return None
        each = said if isinstance(said, list) else [said]
        counted = Counter({one["TableName"]: int(one["CapacityUnits"]) for one in each})
        return self._named(Units(writes=counted) if operation in WRITES else Units(reads=counted))

    def _named(self, units: Units) -> Units:
        """By table, without the prefix of its name."""
        return Units(*(_without(self._prefix, each) for each in (units.reads, units.writes)))


def _without(prefix: str, units: Counter[str]) -> Counter[str]:
    return Counter({table.removeprefix(prefix): number for table, number in units.items()})
