"""Reads the OpenAPI document that the translator made: who answers a request, and who guards it."""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from rescind_local.deploy.intrinsics import function_in
from rescind_local.errors import StartError

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_ANY_METHOD = "x-amazon-apigateway-any-method"
_INTEGRATION = "x-amazon-apigateway-integration"
_AUTHORIZER = "x-amazon-apigateway-authorizer"
_OPEN = "NONE"  # SAM's word for "no authorizer"


@dataclass(frozen=True)
class Guard:
    """An authorizer as the document declares it."""

    name: str
    function: str
    sends_token_only: bool
    identity_sources: tuple[str, ...]
    token_pattern: str | None
    ttl_seconds: int


@dataclass(frozen=True)
class Mock:
    """An integration that answers by itself, as SAM's own CORS does."""

    status: int
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Route:
    method: str  # or * for any
    resource: str  # the path with its {parameters}
    target: str | Mock  # a function's name, or an answer
    guard: Guard | None
    pattern: re.Pattern[str]

    def path_parameters(self, path: str) -> dict[str, str] | None:
        """None when the path is another one."""
        match = self.pattern.fullmatch(path)
        return match and {name: unquote(value) for name, value in match.groupdict().items()}


class Api:
    """The routes and gateway responses of the document; raises `StartError` for what it cannot serve."""

    def __init__(self, document: Mapping[str, Any], functions: Container[str]) -> None:
        schemes = document.get("components", {}).get("securitySchemes", {})
        guards = {name: _guard(name, scheme, functions) for name, scheme in schemes.items()}
        self.gateway_responses: Mapping[str, Any] = document.get("x-amazon-apigateway-gateway-responses", {})
        routes = [
            _route(method, resource, operation, guards, functions)
            for resource, operations in document.get("paths", {}).items()
            for method, operation in operations.items()
            if method in _METHODS or method == _ANY_METHOD
        ]
        # API Gateway prefers what is written out to {parameters}, these to {greedy+} ones, a method to any.
        self.routes = sorted(routes, key=lambda route: (_rank(route.resource), route.method == "*"))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route of a request and its path parameters, decoded."""
        for route in self.routes:
            if route.method in {method, "*"}:
                parameters = route.path_parameters(path)
                if parameters is not None:
                    return route, parameters
        return None


def _route(
    method: str,
    resource: str,
    operation: Mapping[str, Any],
    guards: Mapping[str, Guard],
    functions: Container[str],
) -> Route:
    where = f"{method.upper()} {resource}"
    names = [name for requirement in operation.get("security", []) for name in requirement if name != _OPEN]
    if not all(name in guards for name in names) or len(names) > 1:
        raise StartError(f"{where}: this gateway knows no authorizer {' and '.join(names)}")
    return Route(
        method="*" if method == _ANY_METHOD else method.upper(),
        resource=resource,
        target=_target(where, operation.get(_INTEGRATION, {}), functions),
        guard=guards[names[0]] if names else None,
        pattern=_pattern(resource),
    )


def _target(where: str, integration: Mapping[str, Any], functions: Container[str]) -> str | Mock:
    kind = str(integration.get("type", "")).lower()
    if kind == "mock":
        answer = integration.get("responses", {}).get("default", {})
        prefix = "method.response.header."
        headers = answer.get("responseParameters", {}).items()
        return Mock(
            int(answer.get("statusCode", 200)),
            tuple((name.removeprefix(prefix).lower(), str(value).strip("'")) for name, value in headers),
        )
    function = function_in(integration.get("uri"), functions) if kind == "aws_proxy" else None
    if function is None:
        raise StartError(f"{where}: this gateway serves functions of the same template only")
    return function


def _guard(name: str, scheme: Mapping[str, Any], functions: Container[str]) -> Guard:
    declared = scheme.get(_AUTHORIZER, {})
    kind = declared.get("type")
    function = function_in(declared.get("authorizerUri"), functions)
    if kind not in {"request", "token"} or function is None:
        raise StartError(
            f"authorizer {name}: this gateway knows Lambda authorizers of the same template only"
        )
    default_source = f"method.request.header.{scheme.get('name', 'Authorization')}" if kind == "token" else ""
    sources = declared.get("identitySource", default_source).split(",")
    return Guard(
        name=name,
        function=function,
        sends_token_only=kind == "token",
        identity_sources=tuple(source.strip() for source in sources if source.strip()),
        token_pattern=declared.get("identityValidationExpression"),
        ttl_seconds=int(declared.get("authorizerResultTtlInSeconds", 300)),
    )


def _pattern(resource: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^{}]+\})", resource)
    return re.compile("".join(_part_pattern(part) for part in parts))


def _part_pattern(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    name = part.strip("{}")
    return f"(?P<{name.removesuffix('+')}>{'.+' if name.endswith('+') else '[^/]+'})"


def _rank(resource: str) -> list[int]:
    return [2 if "+}" in part else 1 if "{" in part else 0 for part in resource.split("/")]
