"""Rule 22 of docs/rules.md, on the clock: a refused login does not tell by its time who has an account."""

import importlib
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from argon2 import PasswordHasher

from rescind import wiring
from rescind.model import Status
from rescind.rules.imported_hashes import NO_PASSWORD
from rescind.rules.passwords import hash_password
from rescind.settings import Settings
from tests.fakes import FakeAttempts, FakeCredentials, FakeKeyring, FakeSessions, FakeTables, FakeUsers
from tests.functions.conftest import REAL, Context, recorded
from tests.things import PASSWORD, SETTINGS, a_credential, a_user

LOGINS_OF_EACH = 75
TRIES = 3
WITHIN = 1.05

REFUSED = {
    "wrong-password": ("ada", "incorrect-horse-battery-staple"),
    "unknown-user": ("eve", PASSWORD),
    "disabled-user": ("disabled", PASSWORD),
    "user-without-a-hash": ("hashless", PASSWORD),
    "user-without-a-password": ("passwordless", PASSWORD),
}


LogIn = Callable[[str], Any]


@pytest.fixture
def hasher() -> PasswordHasher:
    return REAL


@pytest.mark.parametrize(
    ("memory_kib", "clock"),
    [
        # At a quarter of the usual cost, so that a difference beside the hash weighs more. CPU time
        # is what the handler's work takes whoever else is at work: nothing in it waits for anything.
        pytest.param(SETTINGS.password_hash_memory_kib // 4, time.process_time, id="cpu"),
        # By a clock on the wall, of a machine that has nothing else to do.
        pytest.param(SETTINGS.password_hash_memory_kib, time.perf_counter, id="wall", marks=pytest.mark.soak),
    ],
)
def test_the_time_of_a_refused_login_does_not_tell_why(
    monkeypatch: pytest.MonkeyPatch, memory_kib: int, clock: Callable[[], float]
) -> None:
    log_in = handler_of(monkeypatch, replace(SETTINGS, password_hash_memory_kib=memory_kib))
    answers = [log_in(kind) for kind in REFUSED]
    assert answers[0]["statusCode"] == 401
    assert answers == [answers[0]] * len(REFUSED)

    measured = []
    for _ in range(TRIES):
        # A difference that the code makes is there at every try, one that a busy machine makes is not.
        measured.append(medians(log_in, clock))
        if max(measured[-1].values()) <= WITHIN * min(measured[-1].values()):
            return
    pytest.fail(f"the medians in ms of {LOGINS_OF_EACH} logins each tell the reasons apart: {measured}")


def handler_of(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> LogIn:
    """The handler as it is, on tables in memory: what differs is not hidden by the time that tables take."""
    tables = FakeTables()
    password_hash = hash_password(PASSWORD, salt=b"0123456789abcdef", parameters=settings.hash_parameters)
    for name, status, stored in (
        ("ada", Status.ACTIVE, password_hash),
        ("disabled", Status.DISABLED, password_hash),
        ("hashless", Status.ACTIVE, ""),
        ("passwordless", Status.ACTIVE, NO_PASSWORD),
    ):
        user = a_user(user_id=f"usr_{name:A<22}", username=name, status=status)
        tables.users[user.user_id] = user
        tables.credentials[name] = a_credential(username=name, user_id=user.user_id, password_hash=stored)
    wired = {
        "settings": settings,
        "credentials": FakeCredentials(tables),
        "users": FakeUsers(tables),
        "sessions": FakeSessions(tables),
        "attempts": FakeAttempts(tables),
        "keyring": FakeKeyring(),
    }
    for name, thing in wired.items():
        monkeypatch.setattr(wiring, name, lambda thing=thing: thing)
    handler = importlib.import_module("functions.login.app").handler
    events = {
        kind: recorded("login", body={"username": username, "password": password})
        for kind, (username, password) in REFUSED.items()
    }
    return lambda kind: handler(events[kind], Context())


def medians(log_in: LogIn, clock: Callable[[], float]) -> dict[str, float]:
    """In milliseconds, of each kind; they take turns in random order, so that all meet the same machine."""
    dice = random.Random(20_261_124)  # noqa: S311 - an order, no secret
    taken: dict[str, list[float]] = {kind: [] for kind in REFUSED}
    for _ in range(LOGINS_OF_EACH):
        for kind in dice.sample(list(REFUSED), len(REFUSED)):
            began = clock()
            log_in(kind)
            taken[kind].append(clock() - began)
    return {kind: round(1000 * statistics.median(times), 3) for kind, times in taken.items()}
