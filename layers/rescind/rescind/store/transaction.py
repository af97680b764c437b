"""Several writes that happen together, or none of them."""

from typing import Any

from rescind import aws

Action = dict[str, Any]
"""A Put, an Update or a Delete, as TransactWriteItems takes it."""


def write_together(client: Any, *actions: Action, request_token: str | None = None) -> None:
    """Write all of it, if every condition holds.

    Args:
        client: of DynamoDB.
        actions: no two of one row.
        request_token: by it DynamoDB knows a repeat for the same request, and a repeated success is a
            success. Where none is given, botocore makes up one for each call.

    Raises:
        ConditionFailedError: a condition did not hold, and nothing is written. The rows that stood in the way
            are in the order of the actions.
        UnavailableError: it may have been written all the same.
    """
    token = {"ClientRequestToken": request_token} if request_token else {}
    aws.call(client.transact_write_items, TransactItems=list(actions), **token)
