"""What runs in the sandbox processes of the races: any function, one event at a time, by a clock of its own.

A warm process without a connection is forked once for each file descriptor that it is given. Each line that
comes in is a call, each line that goes out its answer; a sandbox ends when its channel does.
"""

import contextlib
import importlib
import json
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any
from unittest import mock

from rescind import settings, wiring

_CONTEXT = SimpleNamespace(
    function_name="function",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:function",
    aws_request_id="request",
    get_remaining_time_in_millis=lambda: 10_000,
)

_DEPLOYED = dict(os.environ)

Handlers = Mapping[str, Callable[[Any, Any], Any]]


def main() -> None:
    """Arguments: the functions' names; for each sandbox a descriptor and how far its clock is off."""
    names, *sandboxes = sys.argv[1:]
    handlers = {name: importlib.import_module(f"functions.{name}.app").handler for name in names.split(",")}
    # A race may ask for hashes that cost nothing, which no deployment may have.
    settings.BOUNDS |= {"PASSWORD_HASH_MEMORY_KIB": (8, 19_456), "PASSWORD_HASH_ITERATIONS": (1, 2)}
    _warm_up(handlers)
    for each in sandboxes:
        descriptor, _, seconds_off = each.partition(":")
        if os.fork() == 0:
            _be_sandbox(int(descriptor), float(seconds_off), handlers)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


def _warm_up(handlers: Handlers) -> None:
    """Make the first keys, and whatever is slow the first time; the forks share it, but no connection."""
    handlers["keys"]({"source": "aws.events"}, _CONTEXT)
    now = int(time.time())
    wiring.keyring().signing_key(now=now)
    wiring.keyring().mac_key(now=now, at=now)
    for issuer in wiring.exchange_settings().trusted_issuers:
        # A while ago by every clock, or it would be one that was set back.
        wiring.issuer_keyring().key_of(issuer, "key-1", now=now - 10)
    wiring.dynamodb().close()
    wiring.kms().close()


def _be_sandbox(descriptor: int, seconds_off: float, handlers: Handlers) -> None:
    right_time = time.time

    def own_time() -> float:
        return right_time() + seconds_off

    try:
        with (
            mock.patch.object(time, "time", own_time),
            socket.socket(fileno=descriptor) as channel,
            channel.makefile("rwb") as stream,
        ):
            for line in stream:
                stream.write(json.dumps(_answer(json.loads(line), handlers)).encode() + b"\n")
                stream.flush()
    finally:
        sys.stdout.flush()
        os._exit(0)


def _answer(call: Mapping[str, Any], handlers: Handlers) -> dict[str, Any]:
    os.environ.clear()
    os.environ.update({**_DEPLOYED, **call["settings"]})
    wiring.settings.cache_clear()
    # The monotonic clock is the machine's, so this is the same moment in every process.
    time.sleep(max(0.0, call["at"] - time.monotonic()))
    began = time.monotonic()
    answer, error = None, None
    try:
        answer = handlers[call["function"]](call["event"], _CONTEXT)
    except Exception as raised:  # noqa: BLE001 - whatever a function raises is an answer
        error = {"type": type(raised).__name__, "trace": traceback.format_exc()}
    return {"answer": answer, "error": error, "began": began, "ended": time.monotonic()}


if __name__ == "__main__":
    main()
