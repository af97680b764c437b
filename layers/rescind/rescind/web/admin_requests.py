"""What is asked of the admin function, and by whom: over HTTP by an admin, or directly by an operator.

An operator invokes the function itself, which IAM allows or not. API Gateway adds a `requestContext` to
whatever a client sends, so no client's request can pass for a direct invocation.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rescind.web.caller import caller
from rescind.web.requests import Event, InvalidRequestError, json_object, optional_text

_SCOPE = "admin"
_OPERATOR = "operator"
# Who an operator says they are; CloudTrail knows it better. Nothing else gets into the log by this way.
_ARN = re.compile(r"arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:[A-Za-z0-9_+=,.@/-]{1,200}")


@dataclass(frozen=True, slots=True)
class AdminRequest:
    actor: str
    """The user id of the admin, or the operator's ARN: for the log."""
    members: Mapping[str, Any] = field(repr=False)
    """What the body says, or the query string of a GET; and what the path says."""


def is_from_operator(event: Event) -> bool:
    """Whether this is a direct invocation: it names an operation, and nothing that API Gateway adds."""
    return "operation" in event and not {"requestContext", "httpMethod", "resource"} & event.keys()


def request_of_operator(event: Event) -> AdminRequest:
    """Of `{"operation": ..., "operator": <ARN>, "parameters": {...}}`; the latter two may be absent.

    Raises:
        InvalidRequestError: it is of another form.
    """
    parameters = event.get("parameters", {})
    if not isinstance(parameters, dict) or event.keys() - {"operation", "operator", "parameters"}:
        raise InvalidRequestError('Send {"operation": <name>, "operator": <ARN>, "parameters": {...}}.')
    return AdminRequest(operator_of(event), parameters)


def operator_of(event: Event) -> str:
    """Who invokes a function directly, as they say: an ARN, or "operator" where they do not.

    Raises:
        InvalidRequestError: it is of another form.
    """
    operator = optional_text(event, "operator", longest=256) or _OPERATOR
    if operator != _OPERATOR and not _ARN.fullmatch(operator):
        raise InvalidRequestError("operator is not the ARN of an IAM user or role.")
    return operator


def request_of_admin(event: Event) -> AdminRequest:
    """Of an event of API Gateway.

    Raises:
        NoCallerError: nobody has been let through.
        InsufficientScopeError: the caller is no admin.
        InvalidRequestError: the body is no JSON object, or a member of the query string comes twice.
        TooLargeError: the body is over 8 KiB.
    """
    admin = caller(event, scope=_SCOPE)
    said = _query(event) if event["httpMethod"] == "GET" else json_object(event)
    return AdminRequest(admin.user_id, {**said, **(event.get("pathParameters") or {})})


def _query(event: Event) -> dict[str, str]:
    several = event.get("multiValueQueryStringParameters") or {}
    if any(len(values) > 1 for values in several.values()):
        raise InvalidRequestError("A name comes more than once in the query string.")
    return dict(event.get("queryStringParameters") or {})
