"""Asks a Lambda authorizer about a request, and keeps its answer as long as the template says."""

import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rescind_local.errors import FunctionFailedError
from rescind_local.gateway.api import Guard
from rescind_local.gateway.policy import Access, access

Invoke = Callable[[str, Any], Awaitable[Any]]


@dataclass(frozen=True)
class Admitted:
    context: Mapping[str, Any]  # what the function finds in requestContext.authorizer


@dataclass(frozen=True)
class Refused:
    kind: str  # of gateway response


class Authorizer:
    """One for the whole gateway: the cache is its own, keyed by authorizer and identity sources."""

    def __init__(self, invoke: Invoke, clock: Callable[[], float] = time.monotonic) -> None:
        self._invoke = invoke
        self._clock = clock
        self._kept: dict[tuple[str, ...], tuple[float, Any]] = {}

    async def decide(self, guard: Guard, request: Mapping[str, Any], arn: str) -> Admitted | Refused:
        """`request` is the event as `events.request_event` builds it."""
        identity = _identity(guard, request)
        if identity is None:
            return Refused("UNAUTHORIZED")
        key = (guard.name, *identity)
        answer = self._cached(key)
        if answer is None:
            started = self._clock()
            try:
                answer = await self._invoke(guard.function, _event(guard, request, arn))
            except FunctionFailedError as error:
                # The one word that API Gateway takes for a no; anything else is a failure. Neither is kept.
                return Refused("UNAUTHORIZED" if error.message == "Unauthorized" else "AUTHORIZER_FAILURE")
            except TimeoutError:
                return Refused("AUTHORIZER_FAILURE")
            verdict = _verdict(answer, arn, int((self._clock() - started) * 1000))
            if guard.ttl_seconds and verdict != Refused("AUTHORIZER_CONFIGURATION_ERROR"):
                self._keep(key, answer, guard.ttl_seconds)
            return verdict
        # What is kept is the policy, so another route may get another verdict from it.
        return _verdict(answer, arn, 0)

    def _cached(self, key: tuple[str, ...]) -> Any:
        until, answer = self._kept.get(key, (0.0, None))
        return answer if self._clock() < until else None

    def _keep(self, key: tuple[str, ...], answer: Any, seconds: float) -> None:
        now = self._clock()
        self._kept = {known: kept for known, kept in self._kept.items() if now < kept[0]}
        self._kept[key] = (now + seconds, answer)


def _identity(guard: Guard, request: Mapping[str, Any]) -> tuple[str, ...] | None:
    """What the identity sources hold; None when one is missing or empty."""
    found = [_source_value(source, request) for source in guard.identity_sources]
    if not all(found):
        return None
    if guard.token_pattern and not re.fullmatch(guard.token_pattern, found[0]):
        return None
    return tuple(found)


def _source_value(source: str, request: Mapping[str, Any]) -> str:
    """All values of it, or a request with a second header would be taken for the one without."""
    if source.startswith("context."):
        value: Any = request["requestContext"]
        for name in source.split(".")[1:]:
            value = value.get(name) if isinstance(value, Mapping) else None
        return str(value or "")
    where, _, name = source.removeprefix("method.request.").partition(".")
    groups = {"header": "multiValueHeaders", "querystring": "multiValueQueryStringParameters"}.get(where, "")
    values = [
        value
        for known, values in (request.get(groups) or {}).items()
        if known == name or (where == "header" and known.lower() == name.lower())
        for value in values
    ]
    return json.dumps(values) if len(values) > 1 else "".join(values)


def _event(guard: Guard, request: Mapping[str, Any], arn: str) -> dict[str, Any]:
    if not guard.sends_token_only:
        return {"type": "REQUEST", "methodArn": arn, **request}
    return {
        "type": "TOKEN",
        "methodArn": arn,
        "authorizationToken": _source_value(guard.identity_sources[0], request),
    }


def _verdict(answer: Any, arn: str, latency_ms: int) -> Admitted | Refused:
    if not isinstance(answer, Mapping) or not isinstance(answer.get("principalId"), str):
        return Refused("AUTHORIZER_CONFIGURATION_ERROR")
    context = answer.get("context") or {}
    if not isinstance(context, Mapping) or not all(
        isinstance(value, (str, int, float)) for value in context.values()
    ):
        return Refused("AUTHORIZER_CONFIGURATION_ERROR")
    match access(answer.get("policyDocument"), arn):
        case Access.MALFORMED:
            return Refused("AUTHORIZER_CONFIGURATION_ERROR")
        case Access.DENIED:
            return Refused("ACCESS_DENIED")
        case Access.ALLOWED:
            # A REST API hands numbers and booleans on as strings.
            texts = {
                name: value if isinstance(value, str) else json.dumps(value)
                for name, value in context.items()
            }
            return Admitted({**texts, "principalId": answer["principalId"], "integrationLatency": latency_ms})
