"""What a policy must allow for a call to AWS: actions, each with a resource of the template."""

from typing import Any

Permission = tuple[str, str]


def permissions_of(operation: str, parameters: dict[str, Any]) -> set[Permission]:
    """Those that the call takes; a transaction takes those of its writes."""
    if "RequestItems" in parameters:
        return {_of_table(operation, table) for table in parameters["RequestItems"]}
    if "TransactItems" in parameters:
        writes = (write for item in parameters["TransactItems"] for write in item.items())
        return {_of_table(f"{kind}Item", each["TableName"]) for kind, each in writes}
    if "TableName" in parameters:
        return {_of_table(operation, parameters["TableName"])}
    return {(f"kms:{operation}", "EncryptionKey")}


def _of_table(operation: str, table: str) -> Permission:
    return f"dynamodb:{operation}", f"{table.rpartition('-')[2]}Table"
