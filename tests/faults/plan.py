"""Counts a request's calls to AWS as they leave the SDK, and lets one of them meet a fault."""

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from unittest import mock

from botocore.config import Config

from rescind import aws
from tests.faults.faults import Fault
from tests.faults.proxy import Proxy

_DEPLOYED = aws._CONFIG  # noqa: SLF001 - there is one, and only tests want another
_HASTY = _DEPLOYED.merge(Config(read_timeout=0.3))
_NOBODY = "http://127.0.0.1:1/"


class Length(Enum):
    """How long a fault lasts."""

    ONE_TRY = "once"  # The SDK's second try of the same call does well.
    THE_CALL = "twice"  # Both tries fail, and the calls after it do well.
    THE_REQUEST = "on"  # Nothing does well any more until the request is over.


@dataclass
class Plan:
    """Stands between the SDK and the proxy."""

    proxy: Proxy
    calls: list[str] = field(default_factory=list)
    """Since the request began: what each was for, as "GetItem Keys"."""
    fault: Fault | None = None
    at: int = 0
    """Which call meets it, counted from 0."""
    length: Length = Length.ONE_TRY
    met: int = 0
    """How many tries have met it."""
    hasty: bool = False
    """Whether the clients wait for an answer for a shorter time, so that silence takes less of it."""
    _clients: dict[tuple[str, bool], Any] = field(default_factory=dict)
    _tries: int = 0

    def client(self, service: str) -> Any:
        """As functions have it, or a hasty one."""
        if (service, self.hasty) not in self._clients:
            with mock.patch.object(aws, "_CONFIG", _HASTY if self.hasty else _DEPLOYED):
                client = aws.client(service)
            client.meta.events.register(f"before-call.{service}", self._call)
            client.meta.events.register(f"before-send.{service}", self._try)
            self._clients[service, self.hasty] = client
        return self._clients[service, self.hasty]

    def begin(self, fault: Fault | None = None, *, at: int = 0, length: Length = Length.ONE_TRY) -> None:
        self.calls, self.fault, self.at, self.length, self.met = [], fault, at, length, 0
        self.proxy.choose = lambda _: None

    def _call(self, model: Any, params: Any, **_: Any) -> None:
        self.calls.append(f"{model.name} {_about(json.loads(params['body']))}".strip())
        self._tries = 0

    def _try(self, request: Any, **_: Any) -> None:
        self._tries += 1
        fault = self.fault if self._is_due() else None
        if fault:
            self.met += 1
            if fault.name == "refused":
                request.url = _NOBODY
        self.proxy.choose = lambda _: fault

    def _is_due(self) -> bool:
        if self.fault is None or self.calls[-1].partition(" ")[0] not in self.fault.of:
            return False
        number = len(self.calls) - 1
        match self.length:
            case Length.ONE_TRY:
                return number == self.at and self._tries == 1
            case Length.THE_CALL:
                return number == self.at
            case Length.THE_REQUEST:
                return number >= self.at


def _about(parameters: dict[str, Any]) -> str:
    """The tables, without the prefix of their names."""
    if "RequestItems" in parameters:
        tables = sorted(parameters["RequestItems"])
    elif "TransactItems" in parameters:
        tables = [each["TableName"] for item in parameters["TransactItems"] for each in item.values()]
    else:
        tables = [parameters[name] for name in ("TableName",) if name in parameters]
    return "+".join(table.rpartition("-")[2] for table in tables)
