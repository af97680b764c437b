"""Who is calling a function behind the authorizer, in one line: for this stack's functions and for yours.

    @requires_scope("orders:write")
    def handler(event, context):
        who = caller(event)
        return {"statusCode": 200, "body": f"hello {who.user_id}"}

It reads what the authorizer handed to API Gateway, of a REST API or of an HTTP API (payload 2.0).
"""

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rescind.web import responses
from rescind.web.requests import Event

Handler = Callable[[Any, Any], dict[str, Any]]  # whatever yours calls the type of its event


class NoCallerError(Exception):
    """The event carries no caller: the route is not behind the authorizer."""


class InsufficientScopeError(Exception):
    """The caller has not the scope that is needed, which `scope` names."""

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope


@dataclass(frozen=True, slots=True)
class Caller:
    user_id: str
    session_id: str
    token_id: str
    scope: str
    """Space-delimited: the token's scope, less what the user has lost since."""
    expires_at: int
    claims: Mapping[str, Any]
    """What the operator stored with the user; empty with `RevocationCheck: feed`, where nobody reads it."""


def caller(event: Event, *, scope: str | None = None) -> Caller:
    """The caller whom the authorizer allowed, who has `scope` where one is given.

    Raises:
        NoCallerError: there was no authorizer, so nobody has been allowed.
        InsufficientScopeError: the caller has not that scope.
    """
    context = (event.get("requestContext") or {}).get("authorizer") or {}
    context = context.get("lambda") or context  # where an HTTP API puts it
    try:
        who = Caller(
            user_id=context["sub"],
            session_id=context["sid"],
            token_id=context["jti"],
            scope=context.get("scope", ""),  # an empty one may not arrive at all
            expires_at=int(context["exp"]),
            claims=json.loads(context.get("claims", "{}")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise NoCallerError("this route is not behind the authorizer") from error
    if scope is not None and scope not in who.scope.split():
        raise InsufficientScopeError(scope)
    return who


def requires_scope(scope: str) -> Callable[[Handler], Handler]:
    """Answer 403 insufficient_scope unless the caller has `scope`, and 401 when there is no caller."""

    def decorate(handler: Handler) -> Handler:
        @functools.wraps(handler)
        def guarded(event: Event, context: Any) -> dict[str, Any]:
            try:
                caller(event, scope=scope)
            except NoCallerError:
                return responses.to_api_gateway(responses.invalid_token())
            except InsufficientScopeError:
                return responses.to_api_gateway(responses.insufficient_scope(scope))
            return handler(event, context)

        return guarded

    return decorate
