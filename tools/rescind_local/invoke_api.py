"""Lambda's `Invoke`: for operators, who call a function by its name and not by a route.

It stands on the gateway's port, and takes what AWS's clients send: `aws lambda invoke --endpoint-url` works.
A web page of elsewhere cannot call it. No form sends a signature, a browser asks before it sends one from
another origin, and a page whose name was made to lead here names a host that is not this machine.
"""

import ipaddress
import json
import re
from collections.abc import Container
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rescind_local.errors import FunctionFailedError
from rescind_local.gateway.authorizer import Invoke

_INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
_SIGNED = "AWS4-HMAC-SHA256 "
_LARGEST_PAYLOAD = 6 * 1024 * 1024


class InvokeApi:
    """An ASGI application: signed invocations for itself, all else for the gateway behind it."""

    def __init__(self, gateway: ASGIApp, functions: Container[str], invoke: Invoke) -> None:
        self._gateway = gateway
        self._functions = functions
        self._invoke = invoke

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        found = _INVOKE.fullmatch(scope["raw_path"].decode("latin-1"))
        if found and request.method == "POST" and _is_from_an_operator(request):
            answer = await self._answer(unquote(found[1]), request)
            await answer(scope, receive, send)
        else:
            await self._gateway(scope, receive, send)

    async def _answer(self, function: str, request: Request) -> Response:
        if function not in self._functions:
            return _refusal(404, "ResourceNotFoundException", f"Function not found: {function}")
        if request.headers.get("x-amz-invocation-type", "RequestResponse") != "RequestResponse":
            return _refusal(400, "InvalidParameterValueException", "Only RequestResponse is served here.")
        body = await request.body()
        if len(body) > _LARGEST_PAYLOAD:
            return _refusal(413, "RequestTooLargeException", f"Over {_LARGEST_PAYLOAD} bytes.")
        try:
            event: Any = json.loads(body or b"{}")
        except ValueError:
            return _refusal(400, "InvalidRequestContentException", "The payload is not JSON.")
        try:
            return JSONResponse(await self._invoke(function, event))
        except FunctionFailedError as error:
            failure = {"errorMessage": error.message, "errorType": error.kind}
            return JSONResponse(failure, headers={"X-Amz-Function-Error": "Unhandled"})


def _is_from_an_operator(request: Request) -> bool:
    return request.headers.get("authorization", "").startswith(_SIGNED) and _names_this_machine(request)


def _names_this_machine(request: Request) -> bool:
    host = request.url.hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refusal(status: int, kind: str, message: str) -> Response:
    return JSONResponse({"Type": "User", "Message": message}, status, headers={"x-amzn-ErrorType": kind})
