"""The API on loopback, for the canary to ask: what is in this process answers."""

import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.error import HTTPError

from tests.deployment import API_URL
from tests.functions.api_in_process import ApiInProcess


@contextmanager
def served(api: ApiInProcess) -> Iterator[str]:
    """Gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            self._answer(self.rfile.read(length))

        def do_GET(self) -> None:
            self._answer(None)

        def log_message(self, *_: object) -> None:
            """To nowhere."""

        def _answer(self, body: bytes | None) -> None:
            headers = dict(self.headers.items())
            request = urllib.request.Request(API_URL + self.path, body, headers, method=self.command)  # noqa: S310 - it goes nowhere
            try:
                reply = api(request, timeout=20)
                status, content = reply.status, reply.read()
            except HTTPError as error:
                status, content = error.code, error.read()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
