"""Stands for the address at which Lambda hands out credentials where a function has SnapStart."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "of-the-sandbox"


@dataclass
class CredentialsServer:
    address: str = ""
    good_for_seconds: float = 6 * 3600
    """Those that are handed out from now on."""
    handed_out: list[str] = field(default_factory=list)
    """Access key ids, each another one."""

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": self.address,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": TOKEN,
        }

    def next(self) -> dict[str, str]:
        self.handed_out.append(f"AKIA{len(self.handed_out) + 1:016}")
        expires = datetime.fromtimestamp(time.time() + self.good_for_seconds, UTC)
        return {
            "AccessKeyId": self.handed_out[-1],
            "SecretAccessKey": "secret",
            "Token": "token",
            "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


@contextmanager
def running_credentials_server() -> Iterator[CredentialsServer]:
    credentials = CredentialsServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers.get("Authorization") == TOKEN
            answer = json.dumps(credentials.next() if known else {}).encode()
            self.send_response(200 if known else 403)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        credentials.address = f"http://127.0.0.1:{server.server_port}/credentials"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield credentials
        finally:
            server.shutdown()
