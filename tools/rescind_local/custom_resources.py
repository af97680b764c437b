"""Runs the template's custom resources as CloudFormation does at the first deployment.

The function gets a Create event, and says how it went with a PUT to the event's ResponseURL.
"""

import asyncio
import http.server
import json
import secrets
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rescind_local.deploy.intrinsics import function_in
from rescind_local.deploy.stack import Stack
from rescind_local.deploy.template import Template
from rescind_local.errors import FunctionFailedError, StartError
from rescind_local.lambdas.functions import Functions

_OWN_PROPERTIES = ("ServiceToken", "ServiceTimeout")
_PATIENCE_SECONDS = 60


def custom_resources(template: Template) -> dict[str, Mapping[str, Any]]:
    return {
        name: resource
        for name, resource in template.resources.items()
        if resource["Type"].startswith("Custom::")
        or resource["Type"] == "AWS::CloudFormation::CustomResource"
    }


def given_properties(resource: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that are its function's business."""
    properties = resource.get("Properties", {})
    return {name: value for name, value in properties.items() if name not in _OWN_PROPERTIES}


async def create_custom_resources(template: Template, stack: Stack, functions: Functions) -> None:
    """Creates each in turn; the first that fails is a `StartError`."""
    for name, resource in custom_resources(template).items():
        function = function_in(resource.get("Properties", {}).get("ServiceToken"), template.functions)
        if function is None:
            raise StartError(f"{name}: its ServiceToken names no function of this template")
        with _mailbox() as (url, letters):
            event = {
                "RequestType": "Create",
                "ResponseURL": url,
                "StackId": stack.arn,
                "RequestId": str(uuid.uuid4()),
                "LogicalResourceId": name,
                "ResourceType": resource["Type"],
                "ResourceProperties": {
                    "ServiceToken": function,
                    **stack.resolved(given_properties(resource)),
                },
            }
            limit = float(resource.get("Properties", {}).get("ServiceTimeout", _PATIENCE_SECONDS))
            try:
                await asyncio.wait_for(functions.invoke(function, event), limit)
            except FunctionFailedError as error:
                raise StartError(f"{name} was not created: {function}: {error.message.strip()}") from error
            except TimeoutError as error:
                raise StartError(f"{name} was not created within {limit:.0f} seconds") from error
        _check(name, letters)


def _check(name: str, letters: list[bytes]) -> None:
    try:
        answer = json.loads(letters[-1])
        status = answer["Status"]
    except IndexError as error:
        raise StartError(f"{name} was not created: its function sent nothing to its ResponseURL") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StartError(f"{name} was not created: its function sent no valid answer") from error
    if status != "SUCCESS":
        raise StartError(f"{name} was not created: {answer.get('Reason', 'its function gave no reason')}")


@contextmanager
def _mailbox() -> Iterator[tuple[str, list[bytes]]]:
    """An address on loopback, and what is put there until the context ends."""
    letters: list[bytes] = []
    path = f"/{secrets.token_urlsafe(16)}"

    class Mailbox(http.server.BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path == path:
                letters.append(content)
            self.send_response(200 if self.path == path else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Not a word."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mailbox) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}{path}", letters
        server.shutdown()
