"""What SAM CLI leaves out of the API on this machine, done by hand: to the template before, to an answer after.

`test_what_sam_leaves_out.py` holds each to be needed still.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from rescind_local.gateway.gateway_responses import gateway_response

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
    """The authorizer is called by its own name: by that of an alias, SAM does not find it and guards nothing."""
    for authorizer in template["Resources"]["Api"]["Properties"]["Auth"]["Authorizers"].values():
        named = str(authorizer["FunctionArn"].get("Ref", ""))
        if named.endswith(".Alias"):
            authorizer["FunctionArn"] = {"Fn::GetAtt": [named.removesuffix(".Alias"), "Arn"]}


class Answers:
    """Gives SAM's own answers the form that the template declares, one after the other as they were asked for.

    An authorizer that raises "Unauthorized" refuses; to SAM it has failed, so which it was is read in the log.
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
