"""The deployed API as a client sees it, over HTTP; it remembers every secret that passes."""

import json
import ssl
import threading
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

from rescind.unavailable import UnavailableError

# The authorizer takes 5 s at most, the function behind it 10; each may start cold.
_ANSWER_SECONDS = 20
_SECRET = ("access_token", "refresh_token")


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: Any


@dataclass
class Api:
    base_url: str
    host: str = ""
    """As the header Host, where the address has another name."""
    secrets: set[str] = field(default_factory=set)
    """What must never be found in a log or a report."""
    asked: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def ask(
        self, method: str, path: str, *, bearer: str = "", body: object = None
    ) -> tuple[int, dict[str, Any]]:
        """As `rescind.flows.canary` wants it.

        Raises:
            UnavailableError: there was no answer.
        """
        reply = self.reply(method, path, bearer=bearer, body=body)
        return reply.status, reply.body if isinstance(reply.body, dict) else {}

    def reply(
        self,
        method: str,
        path: str,
        *,
        bearer: str = "",
        body: object = None,
        form: Mapping[str, str] | None = None,
    ) -> Reply:
        """The whole answer.

        Raises:
            UnavailableError: there was none.
        """
        headers = {"Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            data = urlencode(form).encode()
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        if self.host:
            headers["Host"] = self.host
        with self._lock:
            self.asked += 1
        request = urllib.request.Request(self.base_url + path, data, headers, method=method)  # noqa: S310 - the stack's own output, or this machine
        try:
            with self._opened(request) as answer:
                return self._read(answer)
        except (OSError, HTTPException, ValueError) as error:
            raise UnavailableError(f"no answer: {type(error).__name__}") from error

    def _opened(self, request: urllib.request.Request) -> Any:
        """What was answered; a refusal is an answer, too."""
        try:
            return urllib.request.urlopen(request, timeout=_ANSWER_SECONDS, context=self._context())  # noqa: S310 - the stack's own output, or this machine
        except HTTPError as error:
            return error

    def _context(self) -> ssl.SSLContext | None:
        return self._tls if self.base_url.startswith("https:") else None

    def _read(self, answer: Any) -> Reply:
        text = answer.read()
        try:
            body = json.loads(text) if text else None
        except ValueError:
            body = None
        if isinstance(body, dict):
            with self._lock:
                self.secrets |= {body[name] for name in _SECRET if isinstance(body.get(name), str)}
        return Reply(answer.status, {name.lower(): value for name, value in answer.headers.items()}, body)
