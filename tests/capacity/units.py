"""What a call takes of DynamoDB's capacity: its published rules, applied to the rows that the call is about.

Sizes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
Units: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]
"""As the SDK gives it."""
Request = Mapping[str, Any]
"""As it goes over the wire."""

_READ_BYTES, _WRITE_BYTES = 4096, 1024
_TRANSACTIONAL = 2
_WRITES_ONE = {"PutItem", "UpdateItem", "DeleteItem"}
WRITES = {*_WRITES_ONE, "TransactWriteItems"}


@dataclass(frozen=True)
class Units:
    reads: Counter[str] = field(default_factory=Counter)
    """By table."""
    writes: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "Units") -> "Units":
        return Units(self.reads + other.reads, self.writes + other.writes)


def size_of(row: Row | None) -> int:
    """In bytes, without what DynamoDB adds for storage."""
    return sum(len(name.encode()) + _value(value) for name, value in (row or {}).items())


def _value(attribute: Mapping[str, Any]) -> int:
    kind: str
    value: Any
    [(kind, value)] = attribute.items()
    match kind:
        case "S":
            return len(value.encode())
        case "N":
            # Two digits a byte, and one more; a sign takes another.
            return (len(value.lstrip("-")) + 1) // 2 + 1 + int(value.startswith("-"))
        case "B":
            return len(value)
        case "BOOL" | "NULL":
            return 1
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value(each) for name, each in value.items())
        case "L":
            return 3 + sum(1 + _value(each) for each in value)
        case _:
            raise ValueError(f"no row of ours holds a {kind}")


def read_units(rows: Iterable[Row | None]) -> int:
    """Of rows that are read together, strongly; one that is not there costs as much as a small one."""
    return _rounded(sum(map(size_of, rows)), _READ_BYTES)


def write_units(before: Row | None, after: Row | None) -> int:
    """The larger of the two counts; a condition that failed has changed nothing, and is paid all the same."""
    return _rounded(max(size_of(before), size_of(after)), _WRITE_BYTES)


def _rounded(size: int, step: int) -> int:
    return max(1, -(-size // step))


def units_of(operation: str, request: Request, before: "Tables", after: "Tables") -> Units:
    """What one call takes."""
    match operation:
        case "GetItem":
            row = before.row(request["TableName"], request["Key"])
            return _reading(request["TableName"], [row], request)
        case "BatchGetItem":
            # Each row is rounded by itself.
            found = Units()
            for table, asked in request["RequestItems"].items():
                for key in asked["Keys"]:
                    found += _reading(table, [before.row(table, key)], asked)
            return found
        case "Query":
            [user] = request["ExpressionAttributeValues"].values()
            rows = [row for row in before.rows[request["TableName"]] if row["user_id"] == user]
            return _reading(request["TableName"], rows, request)
        case "TransactWriteItems":
            found = Units()
            for item in request["TransactItems"]:
                [(kind, write)] = item.items()
                found += _writing(f"{kind}Item", write, before, after, times=_TRANSACTIONAL)
            return found
        case _ if operation in _WRITES_ONE:
            return _writing(operation, request, before, after)
        case "Decrypt":
            return Units()  # KMS's own.
        case _:
            raise ValueError(f"no rule for {operation}")


def _reading(table: str, rows: Iterable[Row | None], request: Request) -> Units:
    if not request.get("ConsistentRead"):
        raise ValueError(f"a read of {table} that is not strong: the page says that all are")
    return Units(reads=Counter({table: read_units(rows)}))


def _writing(operation: str, write: Request, before: "Tables", after: "Tables", *, times: int = 1) -> Units:
    table = write["TableName"]
    key = before.key_in(table, write["Item"]) if operation == "PutItem" else write["Key"]
    units = write_units(before.row(table, key), after.row(table, key))
    return Units(writes=Counter({table: times * units}))


@dataclass(frozen=True)
class Tables:
    """All rows at one moment."""

    rows: Mapping[str, list[Row]]
    keys: Mapping[str, tuple[str, ...]]

    def key_in(self, table: str, row: Row) -> Row:
        return {name: row[name] for name in self.keys[table]}

    def row(self, table: str, key: Row) -> Row | None:
        return next((row for row in self.rows[table] if self.key_in(table, row) == key), None)
