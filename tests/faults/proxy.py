"""Stands on loopback between the functions and ministack, and spoils the answers it is told to."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

from tests.faults.faults import Answer, Fault, Request

_PATIENCE_SECONDS = 30
# Of one connection, or computed anew.
_NOT_HANDED_ON = {
    "connection",
    "keep-alive",
    "transfer-encoding",
    "content-length",
    "date",
    "server",
    "x-amz-crc32",
}

Choose = Callable[[Request], Fault | None]
"""Which fault a request meets; None: it is passed on, and so is its answer."""


@dataclass
class Proxy:
    endpoint: str
    choose: Choose = field(default=lambda _: None)
    """May be changed at any time."""


@contextmanager
def running_proxy(to: str) -> Iterator[Proxy]:
    """In front of the endpoint `to`. Its connections end when their clients end them."""
    server = _Server(to)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send_to(endpoint: str, request: Request) -> Answer:
    """What AWS answers at this endpoint."""
    headers = {each: text for each, text in request.headers.items() if each.lower() not in _NOT_HANDED_ON}
    # One connection for each: one that is kept open may be closed by the other side at any time.
    with closing(HTTPConnection(urlsplit(endpoint).netloc, timeout=_PATIENCE_SECONDS)) as behind:
        behind.request("POST", "/", request.body, headers)
        answer = behind.getresponse()
        body = answer.read()
    kept = {each: text for each, text in answer.getheaders() if each.lower() not in _NOT_HANDED_ON}
    return Answer(answer.status, body, kept)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, to: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = Proxy(f"http://127.0.0.1:{self.server_port}")
        self.behind = to

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is nobody's error."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(dict(self.headers), body)
        fault = self.server.proxy.choose(request)
        if fault is None:
            self.send(self.pass_on(request))
        else:
            fault.spoil(request, self)

    def log_message(self, *_: Any) -> None: ...

    # What a fault may do: faults.Line.

    def pass_on(self, request: Request) -> Answer:
        return send_to(self.server.behind, request)

    def send(self, answer: Answer) -> None:
        self._head(answer)
        self.wfile.write(answer.body)

    def hang_up(self, begun: Answer | None = None) -> None:
        """Reset the connection, after half of an answer where one is given."""
        if begun is not None:
            self._head(begun)
            self.wfile.write(begun.body[: len(begun.body) // 2])
            self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def say_nothing(self) -> None:
        """Until the other side has had enough of it, or 30 s are over."""
        self.connection.settimeout(_PATIENCE_SECONDS)
        with suppress(OSError):
            self.connection.recv(1)
        self.close_connection = True

    def _head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in {"x-amz-crc32": str(crc32(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
