"""Sandbox processes for the races, and what they answer.

Processes, because that is what Lambda has: Powertools' metrics and logger keep state that threads in one
process would share, and the interpreter's lock would let only one of them run at a time.
"""

import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from io import BufferedRWPair
from pathlib import Path
from typing import Any

from tests.requests import Answer, Call

ROOT = Path(__file__).parents[2]
FUNCTIONS = (
    "admin",
    "authorizer",
    "backchannel",
    "exchange",
    "keys",
    "login",
    "logout",
    "password",
    "refresh",
    "sessions",
)
AT_ONCE = 50

_HEAD_START_SECONDS = 0.01
_PATIENCE_SECONDS = 30
_CLOCKS_ARE_OFF_BY_AT_MOST = 5.0


class Sandboxes:
    def __init__(self, streams: Sequence[BufferedRWPair], log: Path) -> None:
        self._streams = streams
        self._log = log

    def at_once(
        self,
        calls: Sequence[Call],
        *,
        delays: Sequence[float],
        settings: Mapping[str, str],
        dice: random.Random,
    ) -> list[Answer]:
        """The answers, in the order of the calls, each of which begins so many seconds after the start."""
        streams = dice.sample(self._streams, len(calls))
        start = time.monotonic() + (_HEAD_START_SECONDS if len(calls) > 1 else 0)
        for call, delay, stream in zip(calls, delays, streams, strict=True):
            asked = {"function": call.function, "event": call.event, "settings": dict(settings)}
            stream.write(json.dumps({**asked, "at": start + delay}).encode() + b"\n")
            stream.flush()
        return [_answer(json.loads(stream.readline())) for stream in streams]

    def failures(self) -> list[str]:
        """What the functions logged of failures so far."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for line in lines if '"level":"ERROR"' in line]


@contextmanager
def running_sandboxes(environment: Mapping[str, str], log: Path) -> Iterator[Sandboxes]:
    """Sandboxes whose clocks differ by up to 10 s; `environment` is a deployment's."""
    with ExitStack() as to_close, log.open("wb") as output:
        ours, theirs = zip(*(socket.socketpair() for _ in range(AT_ONCE)), strict=True)
        dice = random.Random(AT_ONCE)  # noqa: S311 - clocks, not secrets
        off = _CLOCKS_ARE_OFF_BY_AT_MOST
        sandboxes = [f"{end.fileno()}:{dice.uniform(-off, off)}" for end in theirs]
        process = subprocess.Popen(  # noqa: S603 - this very Python
            [sys.executable, "-m", "tests.races.sandbox_process", ",".join(FUNCTIONS), *sandboxes],
            env={**environment, "PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'rescind'}"},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[end.fileno() for end in theirs],
        )
        to_close.callback(process.wait)  # It ends with its last sandbox.
        for end in theirs:
            end.close()
        for end in ours:
            end.settimeout(_PATIENCE_SECONDS)
            to_close.enter_context(end)
        yield Sandboxes([to_close.enter_context(end.makefile("rwb")) for end in ours], log)


def _answer(given: dict[str, Any]) -> Answer:
    """An authorizer's answers count as 200, 401 and 503, which is what API Gateway makes of them."""
    times = {"began": given["began"], "ended": given["ended"]}
    if given["error"]:
        status = {"UnauthorizedError": 401, "UnavailableError": 503}.get(given["error"]["type"])
        assert status, given["error"]["trace"]
        return Answer(status, None, **times)
    answer = given["answer"]
    if "statusCode" not in answer:
        return Answer(200, answer, **times)
    return Answer(answer["statusCode"], json.loads(answer["body"]), answer["headers"], **times)
