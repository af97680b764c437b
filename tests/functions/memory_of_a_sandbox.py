"""A fresh sandbox that runs functions, and then tells all the text and bytes that its objects hold.

Whatever AWS answered is kept until then. What is no object of Python's (a key inside OpenSSL, memory that was
given back) is not seen: so the types are told too, as OpenSSL's private keys have one of their own.
"""

import base64
import gc
import importlib
import json
import sys
from types import SimpleNamespace
from typing import Any

from rescind import wiring

_CONTEXT = SimpleNamespace(
    function_name="function",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:function",
    aws_request_id="request",
    get_remaining_time_in_millis=lambda: 10_000,
)


def main() -> None:
    """Argument: a JSON list of [function, event]; "signing" is what the functions do that issue tokens."""
    answers: list[Any] = []
    for client in (wiring.dynamodb(), wiring.kms()):
        client.meta.events.register("before-parse", lambda response_dict, **_: answers.append(response_dict))
        client.meta.events.register("after-call", lambda parsed, **_: answers.append(parsed))
    for function, event in json.loads(sys.argv[1]):
        if function == "signing":
            wiring.keyring().signing_key(now=event)
            wiring.keyring().mac_key(now=event, at=event)
        else:
            importlib.import_module(f"functions.{function}.app").handler(event, _CONTEXT)
    texts, types = _everything()
    told = {"texts": [base64.b64encode(text).decode() for text in texts], "types": sorted(types)}
    sys.stdout.write(json.dumps(told))


def _everything() -> tuple[list[bytes], set[str]]:
    """What is reachable from what the garbage collector knows, by walking along all references."""
    seen: dict[int, Any] = {}
    left: list[Any] = gc.get_objects()
    while left:
        found = left.pop()
        if id(found) not in seen and found is not seen and found is not left:
            seen[id(found)] = found
            left.extend(gc.get_referents(found))
    texts = [bytes(each) for each in seen.values() if isinstance(each, bytes | bytearray)]
    texts += [each.encode("utf-8", "surrogatepass") for each in seen.values() if isinstance(each, str)]
    return texts, {type(each).__name__ for each in seen.values()}


if __name__ == "__main__":
    main()
