"""One client's connection to the gateway, kept open as clients do."""

import json
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any, Self
from urllib.parse import urlencode

_PATIENCE_SECONDS = 60
# The gateway closes a connection on which nothing comes for 5 s; a request must not meet that.
_IDLE_SECONDS = 2


@dataclass(frozen=True)
class Call:
    name: str
    method: str
    path: str
    bearer: str | None = None
    json: object = None
    form: dict[str, str] | None = None


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    """By names in lower case."""
    content: bytes
    began: float
    ended: float
    """Both in epoch seconds."""
    body: Any = field(repr=False)

    @property
    def seconds(self) -> float:
        return self.ended - self.began


class Connection:
    """To this port of the machine, from a network (/24) of its own: limits on guesses count by network."""

    def __init__(self, port: int, *, network: int) -> None:
        self._port = port
        self._from = (f"127.0.{network}.1", 0)
        self._used_at = 0.0
        self._open: HTTPConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._open:
            self._open.close()

    def ask(self, call: Call) -> Answer:
        """Ask once: what is asked again is for the caller to decide."""
        body, headers = _body(call)
        if call.bearer is not None:
            headers["Authorization"] = f"Bearer {call.bearer}"
        began = time.time()
        connection = self._connected()
        connection.request(call.method, call.path, body, headers)
        response = connection.getresponse()
        content = response.read()
        ended = self._used_at = time.time()
        given = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, given, content, began, ended, json.loads(content))

    def _connected(self) -> HTTPConnection:
        if self._open is None or time.time() - self._used_at > _IDLE_SECONDS:
            if self._open:
                self._open.close()
            self._open = HTTPConnection(
                "127.0.0.1", self._port, timeout=_PATIENCE_SECONDS, source_address=self._from
            )
        return self._open


def _body(call: Call) -> tuple[bytes | None, dict[str, str]]:
    if call.form is not None:
        return urlencode(call.form).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    if call.json is not None:
        return json.dumps(call.json).encode(), {"Content-Type": "application/json"}
    return None, {}
