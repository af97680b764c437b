"""What API Gateway asks an authorizer, and what it takes for an answer, in each of its three forms.

REST `REQUEST` and `TOKEN` events want an IAM policy, or the exception "Unauthorized" for a 401. An HTTP API
(payload 2.0, simple response) wants a boolean. Any other exception is a failure, and is never cached.
"""

from collections.abc import Mapping
from typing import Any

from rescind.verdict import Allow, AllowByFeed
from rescind.web.requests import Event, bearer_token


class UnauthorizedError(Exception):
    """API Gateway answers 401 when the message is exactly this, and caches nothing."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def presented_access_token(event: Event) -> str | None:
    """The bearer token of the request; None when there is none, or more than one."""
    if event.get("type") == "TOKEN":
        return bearer_token({"headers": {"authorization": event.get("authorizationToken")}})
    return bearer_token(event)


def allowed(event: Event, allow: Allow | AllowByFeed) -> dict[str, Any]:
    """Let the request through, and tell the function behind who it is from."""
    context = _context(allow)
    if _is_http_api(event):
        return {"isAuthorized": True, "context": context}
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Allow",
        "Resource": _whole_stage(event["methodArn"]),
    }
    return {
        "principalId": allow.claims.sub,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": context,
    }


def refused(event: Event) -> dict[str, Any]:
    """Refuse in a way that is not cached where that is possible.

    Raises:
        UnauthorizedError: for a REST API.
    """
    if _is_http_api(event):
        return {"isAuthorized": False}
    raise UnauthorizedError


def _is_http_api(event: Event) -> bool:
    return event.get("version") == "2.0"


def _whole_stage(method_arn: str) -> str:
    """`arn:aws:execute-api:<region>:<account>:<api>/<stage>/*`.

    API Gateway caches the policy by token, not by route: one for this route alone would refuse the next.
    """
    api, stage = method_arn.split("/", 2)[:2]
    return f"{api}/{stage}/*"


def _context(allow: Allow | AllowByFeed) -> Mapping[str, str | int]:
    """Strings and numbers only: API Gateway takes nothing else. The feed has no claims of users."""
    of_user = {"claims": allow.user.claims} if isinstance(allow, Allow) else {}
    return {
        "sub": allow.claims.sub,
        "sid": allow.claims.sid,
        "jti": allow.claims.jti,
        "scope": allow.scope,
        "exp": allow.claims.exp,
        **of_user,
    }
