"""Makes the two accounts to try things with. The only module here that knows a route of the API."""

import asyncio
import base64
import json
import secrets
import time
from urllib.parse import urlsplit

from rescind_local.errors import StartError
from rescind_local.gateway.app import Gateway
from rescind_local.gateway.events import Incoming, proxy_event, request_event

PASSWORD = "correct-horse-battery-staple"  # noqa: S105 - it opens nothing beyond this machine
_ACCOUNTS = {"demo": "", "admin": "admin introspect"}  # username and scope
_ROUTE = ("POST", "/admin/users")
_MADE, _THERE = 201, 409


def can_seed(gateway: Gateway) -> bool:
    return gateway.api.find(*_ROUTE) is not None


async def seed(gateway: Gateway, stage: str) -> None:
    """Calls the function that makes users, as an admin's request would; raises `StartError`."""
    await asyncio.gather(*(_make(gateway, stage, name, scope) for name, scope in _ACCOUNTS.items()))


def what_to_try(url: str) -> str:
    body = json.dumps({"username": "demo", "password": PASSWORD})
    take = 'import json, sys; print(json.load(sys.stdin)["access_token"])'
    return f"""\
Try, in another terminal:
  token=$(curl -s {url}/auth/login -d '{body}' | python3 -c '{take}')
  curl -iw "\\n" {url}/auth/me -H "Authorization: Bearer $token"
  curl -iw "\\n" {url}/auth/logout -H "Authorization: Bearer $token" -d '{{}}'
  curl -iw "\\n" {url}/auth/me -H "Authorization: Bearer $token"

There are two accounts, demo and admin (scopes admin and introspect).
Both have the password {PASSWORD}
To operate it: make rescind, then .venv/bin/rescind --local --port {urlsplit(url).port} doctor"""


async def _make(gateway: Gateway, stage: str, username: str, scope: str) -> None:
    found = gateway.api.find(*_ROUTE)
    if found is None:
        return
    route, parameters = found
    incoming = Incoming(
        method=_ROUTE[0],
        path=_ROUTE[1],
        query="",
        headers=[("host", "localhost"), ("content-type", "application/json")],
        body=json.dumps({"username": username, "password": PASSWORD, "scope": scope}).encode(),
        source_ip="127.0.0.1",
        port=0,
        request_id=secrets.token_hex(16),
    )
    event = request_event(incoming, resource=route.resource, path_parameters=parameters, stage=stage)
    answer = await gateway.integrate(route, proxy_event(event, incoming.body, _admin()))
    if answer.status_code not in {_MADE, _THERE}:
        raise StartError(
            f"account {username} was not made: {answer.status_code} {bytes(answer.body).decode()}"
        )


def _admin() -> dict[str, str]:
    """What the authorizer says of an admin; nobody holds a token of this one."""
    subject = _id("usr_")
    return {
        "principalId": subject,
        "sub": subject,
        "sid": _id("ses_"),
        "jti": _id("tok_"),
        "scope": "admin introspect",
        "exp": str(int(time.time()) + 60),
        "claims": "{}",
    }


def _id(prefix: str) -> str:
    return prefix + base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
