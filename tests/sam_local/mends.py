"""What `sam local start-api` leaves out, done by hand: to the template before, or to an answer after.

`test_what_sam_leaves_out.py` holds what concerns the API to be needed still.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from rescind_local.gateway.gateway_responses import gateway_response

_START_SECONDS = 10
_WRITTEN_AFTER_SECONDS = 2
_AUTHORIZER_FAILED = "Lambda authorizer failed to invoke successfully"
_SAID_UNAUTHORIZED = '"errorMessage": "Unauthorized"'
# What SAM answers itself, and API Gateway's name for it. A failure is of the authorizer or of the function.
_OWN_ANSWERS = {
    (401, b'{"message":"Unauthorized"}'): "UNAUTHORIZED",
    (403, b'{"message":"User is not authorized to access this resource"}'): "ACCESS_DENIED",
    (403, b'{"message":"Missing Authentication Token"}'): "MISSING_AUTHENTICATION_TOKEN",
    (502, b'{"message":"Internal server error"}'): "FAILURE",
}


def without_alias(template: Mapping[str, Any]) -> None:
    """The authorizer goes by its own name: by that of an alias SAM does not find it, and guards nothing."""
    for authorizer in template["Resources"]["Api"]["Properties"]["Auth"]["Authorizers"].values():
        named = str(authorizer["FunctionArn"].get("Ref", ""))
        if named.endswith(".Alias"):
            authorizer["FunctionArn"] = {"Fn::GetAtt": [named.removesuffix(".Alias"), "Arn"]}


def with_time_to_start(template: Mapping[str, Any]) -> None:
    """SAM takes a container's start from the function's time; Lambda gives it 10 s of its own."""
    for resource in (template["Globals"]["Function"], *_properties(template).values()):
        if "Timeout" in resource:
            resource["Timeout"] += _START_SECONDS


def from_anywhere(template: Mapping[str, Any], folder: Path) -> None:
    """The folders are named in full, so that the template need not lie beside them."""
    for properties in _properties(template).values():
        for name in properties.keys() & {"CodeUri", "ContentUri"}:
            properties[name] = str(folder / properties[name])


def _properties(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in template["Resources"].items() if "Properties" in each}


class Answers:
    """Gives SAM's own answers the form that the template declares, in the order in which they came.

    An authorizer that raises "Unauthorized" refuses; to SAM it has failed, so the log says which it was.
    """

    def __init__(self, gateway_responses: Mapping[str, Any], log: Callable[[], str]) -> None:
        self._gateway_responses = gateway_responses
        self._log = log
        self._read = 0

    def mend(self, answer: httpx.Response) -> httpx.Response:
        kind = _OWN_ANSWERS.get((answer.status_code, answer.content.strip()), "")
        if kind == "FAILURE":
            kind = self._kind_of_failure()
        self._read = len(self._log())
        if not kind:
            return answer
        declared = gateway_response(kind, self._gateway_responses)
        return httpx.Response(
            declared.status_code,
            headers=declared.raw_headers,
            content=bytes(declared.body),
        )

    def _kind_of_failure(self) -> str:
        """Empty when it was the function's: then it is to be seen as it came."""
        give_up = time.monotonic() + _WRITTEN_AFTER_SECONDS
        while _AUTHORIZER_FAILED not in self._log()[self._read :]:
            if time.monotonic() > give_up:
                return ""
            time.sleep(0.02)
        return "UNAUTHORIZED" if _SAID_UNAUTHORIZED in self._log()[self._read :] else "AUTHORIZER_FAILURE"
