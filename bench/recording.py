"""Lets a request happen once on ministack, and keeps each call that it makes: question, answer, units.

What is kept is replayed by the canned store, so that an operation that writes can be asked again and again.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3

from bench.inside.authorizer import event_of
from bench.store.canned import recorded_name
from bench.world import World
from rescind import audit, wiring
from rescind_local.deploy.emulator import running_emulator
from tests import requests
from tests.capacity.units import WRITES, Tables, Units, units_of
from tests.deployment import deployed
from tests.faults.faults import ALL, Fault, Line, Request
from tests.faults.proxy import running_proxy
from tests.functions.conftest import REAL, Stack, add_keys, forget_wiring
from tests.people import Person
from tests.requests import Call
from tests.tables import table_keys
from tests.things import PASSWORD, USER_ID, a_credential

OPERATIONS = ("login", "refresh", "logout")


@dataclass(frozen=True)
class Recorded:
    operation: str
    asked: Any
    answer: Any
    units: Units


@dataclass(frozen=True)
class Recording:
    """What a warm request asked of AWS; and in a new sandbox, before that."""

    call: Call
    prefix: str
    warm: tuple[Recorded, ...]
    cold: tuple[Recorded, ...]

    def answers(self) -> Mapping[str, list[Any]]:
        """As the canned store wants them."""
        found: dict[str, list[Any]] = {}
        for each in (*self.cold, *self.warm):
            found.setdefault(recorded_name(each.operation, each.asked), []).append(each.answer)
        return found

    @property
    def units(self) -> Units:
        return sum((each.units for each in self.warm), Units())


@dataclass
class _Recorder:
    prefix: str
    reader: Any
    calls: list[Recorded] = field(default_factory=list)

    def choose(self, _: Request) -> Fault:
        return Fault("recorded", self._record, ALL)

    def _record(self, request: Request, line: Line) -> None:
        asked = json.loads(request.body)
        headers = {name.lower(): value for name, value in request.headers.items()}
        operation = headers["x-amz-target"].rpartition(".")[2]
        before = self._rows(request.body.decode())
        answer = line.pass_on(request)
        after = self._rows(request.body.decode()) if operation in WRITES else before
        units = units_of(operation, asked, before, after)
        self.calls.append(Recorded(operation, asked, json.loads(answer.body), units))
        line.send(answer)

    def _rows(self, text: str) -> Tables:
        keys = {self.prefix + name: each for name, each in table_keys().items()}
        rows = {table: self.reader.scan(TableName=table)["Items"] for table in keys if f'"{table}"' in text}
        return Tables(rows, keys)


@contextmanager
def emulated() -> Iterator[str]:
    """The endpoint of a ministack."""
    with running_emulator() as emulator:
        emulator.wait()
        yield emulator.endpoint


def record(world: World, endpoint: str, name: str, *, sessions: int = 2) -> Recording:
    """One warm request of the world's user, who has so many sessions then, on tables of its own."""
    with running_proxy(endpoint) as proxy, deployed(proxy.endpoint) as deployment, _silence():
        forget_wiring()
        stores = deployment.stores
        add_keys(stores, os.environ["KMS_KEY_ID"])
        password_hash = REAL.hash(PASSWORD)
        stores.accounts.create(world.user, a_credential(password_hash=password_hash))
        for number in range(sessions - 2):
            new = f"ses_{number:021d}A"
            stores.sessions.put(replace(world.session, session_id=new))
        for session in (world.session, world.other_session):
            stores.sessions.put(session)
        os.environ["MAX_SESSIONS_PER_USER"] = "100"  # Until the deployment's end.
        forget_wiring()
        reader = boto3.client("dynamodb", endpoint_url=endpoint)
        recorder = _Recorder(deployment.prefix, reader)
        proxy.choose = recorder.choose
        stack = Stack(stores)
        call = calls(world)[name]
        # It has read and opened all keys then; the authorizer has a client and keys of its own.
        warm_up = call if name == "authorizer" else requests.refresh(world.other_refresh_token)
        stack.invoke(warm_up.function, warm_up.event)
        cold = tuple(each for each in recorder.calls if _is_of_keys(each))
        recorder.calls.clear()
        answer = stack.invoke(call.function, call.event)
        if answer.get("statusCode", 200) != 200:  # noqa: PLR2004 - HTTP's
            raise RuntimeError(f"{name}: {answer}")
        proxy.choose = lambda _: None
        wiring.dynamodb().close()
        forget_wiring()
        return Recording(call, deployment.prefix, tuple(recorder.calls), cold)


@contextmanager
def _silence() -> Iterator[None]:
    """What the functions log is nothing to look at here."""
    handler: Any = audit.logger.registered_handler
    stream = handler.stream
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        handler.stream = nowhere
        try:
            yield
        finally:
            handler.stream = stream


def calls(world: World) -> dict[str, Call]:
    return {
        "authorizer": Call("authorizer", event_of(world.live)),
        "login": requests.log_in(Person(USER_ID, world.user.username), PASSWORD),
        "refresh": requests.refresh(world.refresh_token),
        "logout": requests.log_out(world.refresh_token),
    }


def _is_of_keys(call: Recorded) -> bool:
    return call.operation == "Decrypt" or "purpose" in call.asked.get("Key", {})
