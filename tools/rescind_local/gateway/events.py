"""Builds the events that functions and authorizers get, in the form of a REST API (payload 1.0)."""

import base64
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from rescind_local.account import ACCOUNT, REGION

API_ID = "local"

# These stay between a client and API Gateway.
_DROPPED = frozenset(
    {
        "connection",
        "content-length",
        "content-md5",
        "expect",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "www-authenticate",
    }
)


@dataclass(frozen=True)
class Incoming:
    """A request as it came: `path` still percent-encoded, `headers` in order and with repetitions."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    source_ip: str
    port: int
    request_id: str


def method_arn(incoming: Incoming, stage: str) -> str:
    return f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API_ID}/{stage}/{incoming.method}{incoming.path}"


def request_event(
    incoming: Incoming, *, resource: str, path_parameters: Mapping[str, str], stage: str
) -> dict[str, Any]:
    """What a REQUEST authorizer is given, but for its own two members; a function gets a body as well."""
    headers = _grouped([*_kept(incoming), *_forwarded(incoming)])
    query = _grouped(parse_qsl(incoming.query, keep_blank_values=True))
    now = time.time()
    return {
        "resource": resource,
        "path": incoming.path,
        "httpMethod": incoming.method,
        "headers": _last(headers),
        "multiValueHeaders": headers,
        "queryStringParameters": _last(query) or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": dict(path_parameters) or None,
        "stageVariables": None,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": API_ID,
            "domainName": _last(headers).get("Host", "localhost"),
            "extendedRequestId": incoming.request_id,
            "httpMethod": incoming.method,
            "identity": {
                "sourceIp": incoming.source_ip,
                "userAgent": _last(headers).get("User-Agent"),
            },
            "path": incoming.path,
            "protocol": "HTTP/1.1",
            "requestId": incoming.request_id,
            "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "requestTimeEpoch": int(now * 1000),
            "resourceId": API_ID,
            "resourcePath": resource,
            "stage": stage,
        },
    }


def proxy_event(
    request: Mapping[str, Any], body: bytes, authorizer: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What a function is given: the request's event, the authorizer's context, and the body."""
    try:
        text, encoded = body.decode(), False
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(body).decode(), True
    context = request["requestContext"]
    if authorizer is not None:
        context = {**context, "authorizer": dict(authorizer)}
    return {**request, "requestContext": context, "body": text or None, "isBase64Encoded": encoded}


def _kept(incoming: Incoming) -> list[tuple[str, str]]:
    # HTTP/1.1 clients write names like this; uvicorn has made them lower case. Nothing may depend on it.
    return [
        (name.title(), value)
        for name, value in incoming.headers
        if name.lower() not in _DROPPED and not name.lower().startswith("x-forwarded-")
    ]


def _forwarded(incoming: Incoming) -> list[tuple[str, str]]:
    claimed = [value for name, value in incoming.headers if name.lower() == "x-forwarded-for"]
    return [
        ("X-Forwarded-For", ", ".join([*claimed, incoming.source_ip])),
        ("X-Forwarded-Port", str(incoming.port)),
        ("X-Forwarded-Proto", "http"),
    ]


def _grouped(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name, value in pairs:
        groups.setdefault(name, []).append(value)
    return groups


def _last(groups: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: values[-1] for name, values in groups.items()}
