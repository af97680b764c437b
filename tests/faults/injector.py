"""Lets one call to AWS of a request meet a fault, and writes down all of them as they leave the SDK."""

import json
import time
from collections.abc import Mapping
from typing import Any
from unittest import mock

from botocore.config import Config

from rescind import authorizer_wiring, sdk
from rescind.dynamodb import DynamoDBReads
from rescind.signing import Signer
from tests.faults.faults import Fault, Length
from tests.faults.permissions import Permission, permissions_of
from tests.faults.proxy import Proxy

_DEPLOYED = sdk._CONFIG  # noqa: SLF001 - there is one, and only tests want another
_HASTY = _DEPLOYED.merge(Config(read_timeout=0.3))
_SLEEP = time.sleep
_NOBODY = "http://127.0.0.1:1/"

Clients = dict[str, Any]
"""By the names that `wiring` and `authorizer_wiring` have for them."""


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
            clients[service].meta.events.register(f"before-call.{service}", self._call_of_the_sdk)
            clients[service].meta.events.register(f"before-send.{service}", self._try_of_the_sdk)
        return {**clients, "reads": _Reads(self, read_seconds=config.read_timeout)}

    def _call_of_the_sdk(self, model: Any, params: Any, **_: Any) -> None:
        self.call(model.name, json.loads(params["body"]))

    def _try_of_the_sdk(self, request: Any, **_: Any) -> None:
        if self.is_refused():
            request.url = _NOBODY

    def call(self, operation: str, parameters: Any) -> None:
        """A call begins."""
        permissions = permissions_of(operation, parameters)
        self.used |= permissions
        tables = "+".join(sorted({each.resource.removesuffix("Table") for each in permissions}))
        self.calls.append(f"{operation} {tables}".removesuffix(" EncryptionKey"))
        self._tries = 0

    def is_refused(self) -> bool:
        """A try of it begins; whether nobody takes its connection. Whatever else it meets, the proxy does."""
        self._tries += 1
        fault = self._fault if self._is_due() else None
        if fault:
            self.met += 1
        self._proxy.choose = lambda _: fault
        return fault is not None and fault.refuses

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


class _Reads(DynamoDBReads):
    """The authorizer's, which is none of the SDK's."""

    def __init__(self, injector: FaultInjector, *, read_seconds: float) -> None:
        address, region = authorizer_wiring.endpoint()
        signer = Signer(region, authorizer_wiring.credentials())
        super().__init__(address, signer, read_seconds=read_seconds)
        self._injector = injector
        self._behind = self._address

    def _call(self, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        self._injector.call(operation, parameters)
        return super()._call(operation, parameters)

    def _try(self, operation: str, body: bytes) -> Mapping[str, Any]:
        self._address = self._behind
        if self._injector.is_refused():
            self.close()
            self._address = "127.0.0.1", 1
        return super()._try(operation, body)
