"""What IAM would be asked for a call to AWS, and what the policies of a function answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import product
from typing import Any

from tests.template import TABLES, statements
from tests.things import SETTINGS

_CONTEXT = "kms:EncryptionContext:"
_STACK = {"Ref": "AWS::StackName"}


@dataclass(frozen=True)
class Permission:
    """An action on a resource of the template, and what conditions could ask of it: key and value."""

    action: str
    resource: str
    context: frozenset[tuple[str, str]] = frozenset()


def permissions_of(operation: str, parameters: dict[str, Any]) -> set[Permission]:
    """Those that the call takes; a transaction takes those of its writes."""
    if "RequestItems" in parameters:
        return {_of_table(operation, table, {}) for table in parameters["RequestItems"]}
    if "TransactItems" in parameters:
        writes = (write for item in parameters["TransactItems"] for write in item.items())
        return {_of_table(f"{kind}Item", each["TableName"], each) for kind, each in writes}
    if "TableName" in parameters:
        return {_of_table(operation, parameters["TableName"], parameters)}
    context = {(f"{_CONTEXT}{name}", value) for name, value in parameters["EncryptionContext"].items()}
    return {Permission(f"kms:{operation}", "EncryptionKey", frozenset(context))}


def _of_table(operation: str, name: str, parameters: Mapping[str, Any]) -> Permission:
    table = f"{name.rpartition('-')[2]}Table"
    [partition] = [each["AttributeName"] for each in TABLES[table]["KeySchema"] if each["KeyType"] == "HASH"]
    row = parameters.get("Key", parameters.get("Item", {}))
    leading = [("dynamodb:LeadingKeys", row[partition]["S"])] if partition in row else []
    return Permission(f"dynamodb:{operation}", table, frozenset(leading))


@dataclass(frozen=True)
class Grant:
    """The smallest part of a policy: one action, one resource, and of each condition one value."""

    action: str
    resource: str
    conditions: Mapping[str, str] = field(hash=False)

    def allows(self, asked: Permission) -> bool:
        given = dict(asked.context)
        return (self.action, self.resource) == (asked.action, asked.resource) and all(
            key in given and fnmatchcase(given[key], value) for key, value in self.conditions.items()
        )


def grants(function: str, *, by_the_feed: bool = False) -> Iterator[Grant]:
    """All that the function may, as it is called in the template."""
    for statement in statements(function, by_the_feed=by_the_feed):
        conditions: dict[str, list[Any]] = {}
        for operator, keys in statement.get("Condition", {}).items():
            # For one value they come to the same, but for a star, which no purpose of a key has.
            assert operator in {"StringEquals", "ForAllValues:StringLike"}, operator
            conditions |= {key: _several(values) for key, values in keys.items()}
        for action, resource in product(_several(statement["Action"]), _several(statement["Resource"])):
            for values in product(*conditions.values()):
                chosen = {
                    key: SETTINGS.stack if value == _STACK else value
                    for key, value in zip(conditions, values, strict=True)
                }
                yield Grant(action, resource["Fn::GetAtt"][0], chosen)


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
