"""Lets one call to AWS of a request meet a fault, and writes down all of them as they leave the SDK."""

import json
import time
from typing import Any
from unittest import mock

from botocore.config import Config

from rescind import sdk
from tests.faults.faults import Fault, Length
from tests.faults.permissions import Permission, permissions_of
from tests.faults.proxy import Proxy

_DEPLOYED = sdk._CONFIG  # noqa: SLF001 - there is one, and only tests want another
_HASTY = _DEPLOYED.merge(Config(read_timeout=0.3))
_SLEEP = time.sleep
_NOBODY = "http://127.0.0.1:1/"

Clients = dict[str, Any]
"""By the names that `wiring` has for them."""


class FaultInjector:
    """Stands between the SDK and the proxy. Its clients are for the endpoint of the environment."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self.clients = self._made_with(_DEPLOYED)
        self.hasty_clients = self._made_with(_HASTY)
        """They wait for an answer for a shorter time, so that silence takes less of it."""
        self.takes_time = False
        self.begin()

    def close(self) -> None:
        for client in (*self.clients.values(), *self.hasty_clients.values()):
            client.close()

    def begin(self, fault: Fault | None = None, *, at: int = 0, length: Length = Length.ONE_TRY) -> None:
        """A request. Its call `at`, counted from 0, meets the fault."""
        self.calls: list[str] = []
        """What each was for, as "GetItem Keys"."""
        self.used: set[Permission] = set()
        """The permissions that they took."""
        self.met = 0
        """How many tries have met the fault."""
        self._fault, self._at, self._length, self._tries = fault, at, length, 0
        self._proxy.choose = lambda _: None

    def pause(self, seconds: float) -> None:
        """In place of `time.sleep`: only where time counts it is taken."""
        if self.takes_time:
            _SLEEP(seconds)

    def _made_with(self, config: Config) -> Clients:
        clients = {}
        for service in ("dynamodb", "kms"):
            with mock.patch.object(sdk, "_CONFIG", config):
                clients[service] = sdk.client(service)
            clients[service].meta.events.register(f"before-call.{service}", self._call)
            clients[service].meta.events.register(f"before-send.{service}", self._try)
        return clients

    def _call(self, model: Any, params: Any, **_: Any) -> None:
        permissions = permissions_of(model.name, json.loads(params["body"]))
        self.used |= permissions
        tables = "+".join(sorted({each.resource.removesuffix("Table") for each in permissions}))
        self.calls.append(f"{model.name} {tables}".removesuffix(" EncryptionKey"))
        self._tries = 0

    def _try(self, request: Any, **_: Any) -> None:
        self._tries += 1
        fault = self._fault if self._is_due() else None
        if fault:
            self.met += 1
            if fault.refuses:
                request.url = _NOBODY
        self._proxy.choose = lambda _: fault

    def _is_due(self) -> bool:
        if self._fault is None or self.calls[-1].partition(" ")[0] not in self._fault.of:
            return False
        number = len(self.calls) - 1
        match self._length:
            case Length.ONE_TRY:
                return number == self._at and self._tries == 1
            case Length.THE_CALL:
                return number == self._at
            case Length.THE_REQUEST:
                return number >= self._at
