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
    used: set[tuple[str, str]] = field(default_factory=set)
    """The permissions that they took: an action and a resource of the template."""
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

    def make_clients(self) -> None:
        """Those that functions have, and hasty ones, for the endpoint of the environment."""
        for hasty, config in ((False, _DEPLOYED), (True, _HASTY)):
            for service in ("dynamodb", "kms"):
                with mock.patch.object(aws, "_CONFIG", config):
                    client = aws.client(service)
                client.meta.events.register(f"before-call.{service}", self._call)
                client.meta.events.register(f"before-send.{service}", self._try)
                self._clients[service, hasty] = client

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def client(self, service: str) -> Any:
        return self._clients[service, self.hasty]

    def begin(self, fault: Fault | None = None, *, at: int = 0, length: Length = Length.ONE_TRY) -> None:
        self.calls, self.used, self.fault, self.at, self.length, self.met = [], set(), fault, at, length, 0
        self.proxy.choose = lambda _: None

    def _call(self, model: Any, params: Any, **_: Any) -> None:
        actions = _actions_of(model.name, json.loads(params["body"]))
        self.used |= actions
        tables = "+".join(sorted(resource.removesuffix("Table") for _, resource in actions))
        self.calls.append(f"{model.name} {tables}".removesuffix(" EncryptionKey"))
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


def _actions_of(operation: str, parameters: dict[str, Any]) -> set[tuple[str, str]]:
    """What a policy must allow for it, and of which resource of the template."""
    if "RequestItems" in parameters:
        return {_action(operation, table) for table in parameters["RequestItems"]}
    if "TransactItems" in parameters:
        writes = (write for item in parameters["TransactItems"] for write in item.items())
        return {_action(f"{kind}Item", each["TableName"]) for kind, each in writes}
    if "TableName" in parameters:
        return {_action(operation, parameters["TableName"])}
    return {(f"kms:{operation}", "EncryptionKey")}


def _action(operation: str, table: str) -> tuple[str, str]:
    return f"dynamodb:{operation}", f"{table.rpartition('-')[2]}Table"
