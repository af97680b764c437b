"""What runs in a sandbox process: one function, one event at a time, as in Lambda.

Each line that comes in is JSON (the first says which function it is), each line that goes out its answer.
"""

import importlib
import json
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

STDOUT = 1

Handler = Callable[[Any, "LambdaContext"], Any]


@dataclass(frozen=True)
class LambdaContext:
    """What Lambda gives a handler beside the event."""

    aws_request_id: str
    function_name: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    log_stream_name: str
    ends_at: float
    function_version: str = "$LATEST"
    identity: None = None
    client_context: None = None

    @property
    def log_group_name(self) -> str:
        return f"/aws/lambda/{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.ends_at - time.monotonic()) * 1000))


def serve(channel: socket.socket) -> None:
    """Answers events until the other side closes the channel."""
    stream = channel.makefile("rwb")
    first = stream.readline()
    if not first:
        return
    function = json.loads(first)
    _settle_in(function)

    terminal, nowhere = os.dup(STDOUT), os.open(os.devnull, os.O_WRONLY)
    handler: Handler | None = None
    for line in stream:
        call = json.loads(line)
        # The kernel ends the process when time is up, whatever it is doing.
        signal.setitimer(signal.ITIMER_REAL, function["timeout_seconds"])
        os.dup2(nowhere if call["quiet"] else terminal, STDOUT)
        try:
            handler = handler or _load(function["handler"])
            answer = handler(call["event"], _context(function, call["request_id"]))
            reply = json.dumps({"answer": answer})
        except Exception as error:  # noqa: BLE001 - whatever a function raises is an answer
            reply = json.dumps({"error": _described(error)})
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.stdout.flush()
        sys.stderr.flush()
        stream.write(reply.encode() + b"\n")
        stream.flush()


def _settle_in(function: Mapping[str, Any]) -> None:
    # In place of the terminal's: the alarm below must end us, Ctrl-C is the gateway's business.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(function["environment"])
    time.tzset()
    sys.path[:0] = function["folders"]
    os.chdir(function["folders"][0])


def _load(handler: str) -> Handler:
    module, _, name = handler.rpartition(".")
    loaded: Handler = getattr(importlib.import_module(module.replace("/", ".")), name)
    return loaded


def _context(function: Mapping[str, Any], request_id: str) -> LambdaContext:
    return LambdaContext(
        aws_request_id=request_id,
        function_name=os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        invoked_function_arn=function["arn"],
        memory_limit_in_mb=os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
        log_stream_name=os.environ["AWS_LAMBDA_LOG_STREAM_NAME"],
        ends_at=time.monotonic() + function["timeout_seconds"],
    )


def _described(error: Exception) -> dict[str, str]:
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "trace": "".join(traceback.format_exception(error)),
    }
