"""The gateway: one HTTP request in, what the OpenAPI document declares for it out.

It stands for API Gateway's REST APIs as far as auth needs. It does not emulate: mapping templates (VTL),
request validators and models, throttling, usage plans and API keys, WAF, resource policies, binary media
types (a body that is not UTF-8 always arrives as base64), the limits on header and payload sizes but for
the 10 MB of a request, stage variables, canaries, access logs, tracing, custom domains (the stage is at
the root); and of the rest of the stack neither schedules, IAM roles nor aliases.
"""

import asyncio
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from rescind_local.errors import FunctionFailedError
from rescind_local.gateway.answers import MalformedAnswerError, proxy_response, response
from rescind_local.gateway.api import Api, Mock, Route
from rescind_local.gateway.authorizer import Admitted, Authorizer, Invoke, Refused
from rescind_local.gateway.events import Incoming, method_arn, proxy_event, request_event
from rescind_local.gateway.gateway_responses import gateway_response

_LARGEST_BODY = 10 * 1024 * 1024
_LONGEST_SECONDS = 29


class _TooLargeError(Exception):
    """The request's body is larger than API Gateway takes."""


class Gateway:
    """An ASGI application."""

    def __init__(self, api: Api, stage: str, invoke: Invoke, log: Callable[[str], None]) -> None:
        self.api = api
        self._stage = stage
        self._invoke = invoke
        self._log = log
        self._authorizer = Authorizer(self._invoke_in_time)
        self._running: set[asyncio.Future[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        started = time.monotonic()
        request_id = str(uuid.uuid4())
        try:
            answer = await self._answer(await _incoming(request, request_id))
        except _TooLargeError:
            answer = gateway_response("REQUEST_TOO_LARGE", self.api.gateway_responses)
        except ClientDisconnect:
            return
        answer.headers["x-amzn-RequestId"] = request_id
        path = scope["raw_path"].decode("latin-1")
        milliseconds = (time.monotonic() - started) * 1000
        self._log(f"{request.method} {path} {answer.status_code} {milliseconds:.0f} ms")
        await answer(scope, receive, send)

    async def _answer(self, incoming: Incoming) -> Response:
        found = self.api.find(incoming.method, incoming.path)
        if found is None:
            return gateway_response("MISSING_AUTHENTICATION_TOKEN", self.api.gateway_responses)
        route, parameters = found
        event = request_event(
            incoming, resource=route.resource, path_parameters=parameters, stage=self._stage
        )
        context: Mapping[str, Any] | None = None
        if route.guard:
            match await self._authorizer.decide(route.guard, event, method_arn(incoming, self._stage)):
                case Refused(kind):
                    return gateway_response(kind, self.api.gateway_responses)
                case Admitted(admitted_context):
                    context = admitted_context
        return await self.integrate(route, proxy_event(event, incoming.body, context))

    async def integrate(self, route: Route, event: Mapping[str, Any]) -> Response:
        """What the route's function, or its mock, makes of the event."""
        if isinstance(route.target, Mock):
            return response(route.target.status, list(route.target.headers), b"")
        try:
            return proxy_response(await self._invoke_in_time(route.target, event))
        except TimeoutError:
            return gateway_response("INTEGRATION_TIMEOUT", self.api.gateway_responses)
        except FunctionFailedError:
            return gateway_response("FUNCTION_FAILED", self.api.gateway_responses)
        except MalformedAnswerError as error:
            sys.stderr.write(f"{route.target} returned no proxy response: {error}\n")
            return gateway_response("FUNCTION_FAILED", self.api.gateway_responses)

    async def _invoke_in_time(self, function: str, event: Any) -> Any:
        """Raises `TimeoutError` when the gateway gives up; as in AWS, the function goes on."""
        call = asyncio.ensure_future(self._invoke(function, event))
        self._running.add(call)
        call.add_done_callback(self._finished)
        return await asyncio.wait_for(asyncio.shield(call), _LONGEST_SECONDS)

    def _finished(self, call: asyncio.Future[Any]) -> None:
        self._running.discard(call)
        if not call.cancelled():
            call.exception()  # Looked at, or asyncio reports what nobody was waiting for any more.


async def _incoming(request: Request, request_id: str) -> Incoming:
    server, client = request.scope["server"], request.scope["client"]
    return Incoming(
        method=request.method,
        path=request.scope["raw_path"].decode("latin-1"),
        query=request.scope["query_string"].decode("latin-1"),
        headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw],
        body=await _body(request),
        source_ip=client[0],
        port=server[1],
        request_id=request_id,
    )


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise _TooLargeError
    return bytes(body)
