"""The canary, as Lambda asks it; on its way to the API it meets the functions themselves, or a fault."""

import json
import time
import urllib.request
from collections.abc import Callable
from http.client import IncompleteRead
from typing import Any
from urllib.error import URLError

import pytest

from rescind import wiring
from rescind.flows import canary
from rescind.invocation import FailedError
from rescind.store.accounts import Accounts
from rescind.unavailable import UnavailableError
from tests.functions.api_in_process import ApiInProcess, Reply, reply
from tests.functions.conftest import Context, Stack, recorded
from tests.template import FUNCTIONS
from tests.things import USER_ID

RESERVE_SECONDS = 70


@pytest.fixture
def api(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> ApiInProcess:
    api = ApiInProcess(stack.invoke)
    monkeypatch.setattr(urllib.request, "urlopen", api)
    return api


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pauses are short."""
    pause = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: pause(seconds / 20))


def fly(stack: Stack, *, seconds_to_measure: float = 400) -> dict[str, Any]:
    context = Context(milliseconds_left=int((RESERVE_SECONDS + seconds_to_measure) * 1000))
    measured: dict[str, Any] = stack.invoke("canary", recorded("canary"), context)
    return measured


def users() -> set[str]:
    """Everybody who has a row, in either table."""
    rows = [
        row for table in ("Users", "Credentials") for row in wiring.dynamodb().scan(TableName=table)["Items"]
    ]
    return {row["user_id"]["S"] for row in rows}


def test_it_measures_and_leaves_no_user(stack: Stack, api: ApiInProcess) -> None:
    assert fly(stack) == {"delay_seconds": 0.0, "bound_seconds": 0, "late": False}

    assert api.asked[:3] == ["login", "me", "logout"]
    assert set(api.asked[3:]) == {"me"}
    assert users() == {USER_ID}


@pytest.mark.usefixtures("api")
def test_what_it_did_is_in_the_log(stack: Stack, written: Callable[[], str]) -> None:
    fly(stack)

    lines = [json.loads(line) for line in written().splitlines()]
    its_own = [line for line in lines if line.get("actor") == "canary"]
    assert [line["message"] for line in its_own] == ["UserCreated", "CanaryMeasured", "UserDeleted"]
    assert len({line["user_id"] for line in its_own}) == 1
    assert (its_own[1]["delay_seconds"], its_own[1]["bound_seconds"]) == (0.0, 0)


def test_a_logout_that_does_nothing_is_late(
    stack: Stack, api: ApiInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canary, "LATE_SECONDS", 0.3)
    api.instead["logout"] = lambda: reply(200, {"revoked": "session", "effective_by": 1})

    measured = fly(stack)

    assert measured["late"] is True
    assert 0 < measured["delay_seconds"] <= 0.3
    assert users() == {USER_ID}


def unreachable() -> Reply:
    raise URLError("unreachable")


def cut_off() -> Reply:
    raise IncompleteRead(b"")


FAULTS = [
    pytest.param("login", lambda: reply(503, {}), "login answered 503", id="login-503"),
    pytest.param("login", lambda: reply(429, {}), "login answered 429", id="login-throttled"),
    pytest.param("login", unreachable, "no answer: URLError", id="unreachable"),
    pytest.param("login", lambda: Reply(200, b"<html>"), "no answer: JSONDecodeError", id="no-json"),
    pytest.param("me", lambda: reply(401, {}), "me answered 401", id="me-refused"),
    pytest.param("logout", lambda: reply(500, {}), "logout answered 500", id="logout-500"),
    pytest.param("logout", cut_off, "no answer: IncompleteRead", id="logout-cut-off"),
    pytest.param(
        "logout", lambda: reply(200, {"revoked": "nothing"}), "logout ended nothing", id="logout-of-nothing"
    ),
]


@pytest.mark.parametrize(("name", "instead", "said"), FAULTS)
def test_work_that_cannot_be_done_is_an_error_and_leaves_no_user(
    stack: Stack, api: ApiInProcess, name: str, instead: Callable[[], Reply], said: str
) -> None:
    api.instead[name] = instead

    with pytest.raises(UnavailableError, match=f"^{said}$"):
        fly(stack)

    assert users() == {USER_ID}


def test_an_api_that_answers_no_more_leaves_the_bound_unknown(stack: Stack, api: ApiInProcess) -> None:
    def die() -> Reply:
        api.instead["me"] = unreachable
        return reply(200, {"revoked": "session", "effective_by": 1})

    api.instead["logout"] = die

    with pytest.raises(UnavailableError, match=r"^time was up before the bound was over$"):
        fly(stack, seconds_to_measure=0.2)

    assert users() == {USER_ID}


@pytest.mark.usefixtures("api")
def test_a_bound_that_the_time_is_too_short_for_is_an_error(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVOCATION_DELAY_SECONDS", "300")
    stack.forget_wiring()

    with pytest.raises(UnavailableError, match=r"^time was up before the bound was over$"):
        fly(stack, seconds_to_measure=0)


def test_the_longest_bound_fits_into_its_time() -> None:
    making, three_requests, longest_bound = 10, 3 * 20, 300 + 5

    needed = making + three_requests + longest_bound + canary.LATE_SECONDS + RESERVE_SECONDS
    assert FUNCTIONS["CanaryFunction"]["Timeout"] >= needed


@pytest.mark.usefixtures("api")
def test_a_user_that_cannot_be_deleted_is_named(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> bool:
        raise UnavailableError("transact_write_items: InternalServerError")

    monkeypatch.setattr(Accounts, "delete", fail)

    with pytest.raises(UnavailableError, match=r"^usr_[\w-]{22} was not deleted$") as raised:
        fly(stack)

    assert users() == {USER_ID, str(raised.value).split()[0]}


@pytest.mark.usefixtures("api")
def test_a_deletion_that_fails_is_tried_again(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    delete, clock, begun = Accounts.delete, time.time, time.time()
    tries: list[int] = []
    # Each try may be minutes behind the one before.
    monkeypatch.setattr(time, "time", lambda: clock() + 60 * len(tries))

    def fail_twice(accounts: Accounts, user: Any, *, now: int) -> bool:
        tries.append(now)
        if len(tries) < 3:
            raise UnavailableError("transact_write_items: InternalServerError")
        return delete(accounts, user, now=now)

    monkeypatch.setattr(Accounts, "delete", fail_twice)

    fly(stack)

    assert users() == {USER_ID}
    # It runs for minutes, and what is announced by a clock of minutes ago nobody reads.
    assert [round(now - begun, -1) for now in tries] == [0, 60, 120]


def test_a_user_whose_making_was_not_confirmed_is_deleted(
    stack: Stack, api: ApiInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = Accounts.create

    def lose_the_answer(accounts: Accounts, *rows: Any) -> bool:
        create(accounts, *rows)
        raise UnavailableError("transact_write_items: ReadTimeoutError")

    monkeypatch.setattr(Accounts, "create", lose_the_answer)

    with pytest.raises(UnavailableError, match="ReadTimeoutError"):
        fly(stack)

    assert api.asked == []
    assert users() == {USER_ID}


@pytest.mark.parametrize("url", ["http://api.example/prod", "", "https://api.example/prod/?a", "file:///etc"])
def test_it_sends_its_password_nowhere_but_to_the_api(
    stack: Stack, api: ApiInProcess, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("API_URL", url)
    wiring.canary_settings.cache_clear()

    with pytest.raises(FailedError, match="SettingsError"):
        fly(stack)

    assert api.asked == []
    assert users() == {USER_ID}
