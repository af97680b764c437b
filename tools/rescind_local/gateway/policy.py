"""Decides what an authorizer's IAM policy says about one request. Anything unclear is a refusal."""

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

_ACTION = "execute-api:Invoke"


class Access(Enum):
    ALLOWED = "allowed"
    DENIED = "denied"
    MALFORMED = "malformed"


class _MalformedError(Exception):
    """The policy has a form that is not read here."""


def access(policy: Any, method_arn: str) -> Access:
    """An explicit Deny wins over any Allow; what no statement speaks of is denied."""
    try:
        effects = {
            statement["Effect"]
            for statement in _statements(policy)
            if any(_matches(action, _ACTION, re.IGNORECASE) for action in _texts(statement, "Action"))
            and any(_matches(resource, method_arn) for resource in _texts(statement, "Resource"))
        }
    except _MalformedError:
        return Access.MALFORMED
    return Access.ALLOWED if effects == {"Allow"} else Access.DENIED


def _statements(policy: Any) -> Iterator[Mapping[str, Any]]:
    statements = policy.get("Statement") if isinstance(policy, Mapping) else None
    for statement in statements if isinstance(statements, list) else [statements]:
        # NotAction, NotResource and Condition are not read here; to skip one could turn a no into a yes.
        if not isinstance(statement, Mapping) or not statement.keys() <= {
            "Sid",
            "Effect",
            "Action",
            "Resource",
        }:
            raise _MalformedError
        if statement.get("Effect") not in {"Allow", "Deny"}:
            raise _MalformedError
        yield statement


def _texts(statement: Mapping[str, Any], name: str) -> list[str]:
    value = statement.get(name)
    values = value if isinstance(value, list) else [value]
    texts = [text for text in values if isinstance(text, str)]
    if not texts or len(texts) != len(values):
        raise _MalformedError
    return texts


def _matches(pattern: str, text: str, flags: int = 0) -> bool:
    regex = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(regex, text, flags | re.DOTALL) is not None
