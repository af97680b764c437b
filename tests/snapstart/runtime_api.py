"""Stands for Lambda's Runtime API: lets a sandbox be snapshotted and restored, and hands it events."""

import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE_SECONDS = 30
_ARN = "arn:aws:lambda:us-east-1:123456789012:function:function"
_PREFIX = "/2018-06-01/runtime/"


@dataclass
class RuntimeApi:
    address: str = ""
    clock_ahead: float = 0
    """Of Lambda's clock, by which it says when an invocation ends."""
    events: deque[dict[str, Any]] = field(default_factory=deque)
    answers: list[Any] = field(default_factory=list)
    """What the handler returned, or {"errorType": ...}."""
    said: list[str] = field(default_factory=list)
    """Which calls were made, in order, and of an error its type."""
    at: dict[str, float] = field(default_factory=dict)
    """When each was made last."""
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _may_restore: bool = False
    _over: bool = False

    def wait_for(self, call: str, *, times: int = 1) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.said.count(call) >= times, PATIENCE_SECONDS), self.said

    def answers_to(self, *events: dict[str, Any]) -> list[Any]:
        """Of as many sandboxes, or of one after the other; in the order in which they come."""
        with self._changed:
            self.answers.clear()
            self.events.extend(events)
            self._changed.notify_all()
            done = self._changed.wait_for(lambda: len(self.answers) == len(events), PATIENCE_SECONDS)
            assert done, self.said
            return list(self.answers)

    def restore(self) -> None:
        with self._changed:
            self._may_restore = True
            self._changed.notify_all()

    def end(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def asked(self, call: str, body: bytes, error_type: str | None) -> tuple[int, dict[str, str], bytes]:
        """What one call is answered: status, headers, body."""
        with self._changed:
            named = call if error_type is None else f"{call}: {error_type}"
            name = named.rpartition("/")[2] if call.startswith("invocation/") else named
            self.said.append(name)
            self.at[name] = time.monotonic()
            self._changed.notify_all()
            match call.split("/"):
                case ["restore", "next"]:
                    self._changed.wait_for(lambda: self._may_restore or self._over)
                    self.at["restored"] = time.monotonic()
                    return 200, {}, b""
                case ["invocation", "next"]:
                    self._changed.wait_for(lambda: self.events or self._over)
                    if self._over:
                        return 500, {}, b""
                    ends_at = time.time() + self.clock_ahead + 5
                    headers = {
                        "Lambda-Runtime-Aws-Request-Id": f"request-{len(self.said)}",
                        "Lambda-Runtime-Deadline-Ms": str(int(ends_at * 1000)),
                        "Lambda-Runtime-Invoked-Function-Arn": _ARN,
                        "Content-Type": "application/json",
                    }
                    return 200, headers, json.dumps(self.events.popleft()).encode()
                case ["invocation", _, _]:
                    self.answers.append(json.loads(body))
                    self._changed.notify_all()
                    return 202, {}, b""
                case _:
                    return 202, {}, b""


@contextmanager
def running_runtime_api() -> Iterator[RuntimeApi]:
    api = RuntimeApi()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            error_type = self.headers.get("Lambda-Runtime-Function-Error-Type")
            status, headers, answer = api.asked(self.path.removeprefix(_PREFIX), body, error_type)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        api.address = f"127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield api
        finally:
            api.end()
            server.shutdown()
