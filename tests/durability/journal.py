"""Stands on loopback before a store, and writes down each write whose success it is about to hand on.

DynamoDB promises that what it has answered is there for good. ministack keeps all in memory, so the promise
is kept here: when it is killed, what was answered is written into another one. The rest is lost.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_PATIENCE_SECONDS = 30
_READS = ("GetItem", "BatchGetItem", "Query", "Scan")
_NOT_HANDED_ON = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


@dataclass(frozen=True)
class Write:
    headers: dict[str, str]
    body: bytes


@dataclass
class Journal:
    endpoint: str
    writes: list[Write] = field(default_factory=list)
    """What was answered, in its order."""
    requests: int = 0
    """How many have come, reads among them."""


@contextmanager
def running_journal(store: str) -> Iterator[Journal]:
    """Before the store of this address."""
    one_at_a_time = threading.Lock()

    class Forwarder(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # or the head and the body of an answer are two packets

        def do_POST(self) -> None:
            write = Write(dict(self.headers), self.rfile.read(int(self.headers["Content-Length"])))
            with one_at_a_time:
                journal.requests += 1
                status, headers, body = _send(store, write)
                if status == 200 and not self.headers["X-Amz-Target"].endswith(_READS):
                    journal.writes.append(write)
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in _NOT_HANDED_ON:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Forwarder) as server:
        journal = Journal(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield journal
        finally:
            server.shutdown()
            thread.join()


def write_again(writes: Sequence[Write], store: str) -> None:
    """Into a store that knows nothing of them, but of those before."""
    for write in writes:
        status, _, body = _send(store, write)
        assert status == 200, body


def _send(store: str, write: Write) -> tuple[int, list[tuple[str, str]], bytes]:
    address = urlsplit(store)
    with closing(
        HTTPConnection(str(address.hostname), address.port, timeout=_PATIENCE_SECONDS)
    ) as connection:
        connection.request("POST", "/", write.body, write.headers)
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()
