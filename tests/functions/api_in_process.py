"""Stands in for urllib's way to the API: what comes back is what authorizer and functions answer."""

import io
import json
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.error import HTTPError

from rescind.web.authorizer import UnauthorizedError
from tests.deployment import API_URL
from tests.functions.conftest import recorded


class Reply(io.BytesIO):
    """As urllib gives it."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(body)
        self.status = status


def reply(status: int, members: Mapping[str, object]) -> Reply:
    return Reply(status, json.dumps(members).encode())


@dataclass
class ApiInProcess:
    invoke: Callable[[str, dict[str, Any]], Any]
    instead: dict[str, Callable[[], Reply]] = field(default_factory=dict)
    """What a function answers in place of its own, by its name."""
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: urllib.request.Request, *, timeout: float) -> Reply:
        """In place of `urllib.request.urlopen`."""
        assert request.full_url.startswith(f"{API_URL}/auth/")
        assert 0 < timeout < 30
        name = request.full_url.rpartition("/")[2]
        self.asked.append(name)
        answer = self.instead[name]() if name in self.instead else self._answer(name, request)
        if answer.status >= 400:
            raise HTTPError(request.full_url, answer.status, "", Message(), answer)
        return answer

    def _answer(self, name: str, request: urllib.request.Request) -> Reply:
        body = json.loads(request.data) if isinstance(request.data, bytes) else None
        event = recorded(name, body=body, headers=dict(request.headers))
        if name == "me":
            asked = recorded("authorizer-rest-request", headers=dict(request.headers))
            try:
                event["requestContext"]["authorizer"] = self.invoke("authorizer", asked)["context"]
            except UnauthorizedError:
                return reply(401, {})
        given = self.invoke(name, event)
        return Reply(given["statusCode"], given["body"].encode())
