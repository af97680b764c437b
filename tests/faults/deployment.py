"""The deployment that faults happen to: on ministack, behind the proxy, with the keys of tests/things."""

import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.message import Message
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.deployment import deployed
from tests.faults.injector import FaultInjector
from tests.faults.proxy import running_proxy
from tests.faults.tables import Tables
from tests.faults.world import World
from tests.functions.api_in_process import Reply, reply
from tests.functions.conftest import add_keys, forget_wiring
from tests.service import hash_cheaply


@contextmanager
def running_world(ministack: str) -> Iterator[World]:
    """On tables of its own."""
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        running_proxy(ministack) as proxy,
        deployed(proxy.endpoint) as deployment,
        closing(FaultInjector(proxy)) as injector,
        closing(Tables(ministack, prefix=deployment.prefix)) as tables,
    ):
        hash_cheaply(monkeypatch)
        monkeypatch.setattr(urllib.request, "urlopen", _Api())
        # The SDK's pause between its tries, and the canary's.
        monkeypatch.setattr(time, "sleep", injector.pause)
        forget_wiring()
        add_keys(deployment.stores, deployment.environment["KMS_KEY_ID"])
        forget_wiring()
        yield World(deployment.stores, tables, injector, tables.rows()["Keys"])


class _Api:
    """What the canary asks: it does as it should."""

    def __init__(self) -> None:
        self._logged_out = False

    def __call__(self, request: urllib.request.Request, **_: Any) -> Reply:
        name = request.full_url.rpartition("/")[2]
        if name == "me" and self._logged_out:
            raise HTTPError(request.full_url, 401, "", Message(), Reply(401, b""))
        self._logged_out = name == "logout"
        answers = {"login": {"access_token": "a token"}, "logout": {"revoked": "session"}, "me": {}}
        return reply(200, answers[name])
