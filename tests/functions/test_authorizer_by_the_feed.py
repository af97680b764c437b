"""The authorizer with `RevocationCheck: feed`: its calls, what it says and how late, and its failures."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rescind import wiring
from rescind.model import BlockedToken
from rescind.unavailable import UnavailableError
from tests.functions.conftest import Stack, forget_wiring, recorded
from tests.functions.test_authorizer import FORMS, is_allowed, presenting
from tests.functions.test_oauth import introspect
from tests.template import granted
from tests.things import USER_ID

DELAY = 5


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """One for both of the sandbox's clocks."""
    seconds = [time.time()]
    monkeypatch.setattr(time, "time", lambda: seconds[0])
    return seconds


@pytest.fixture
def by_the_feed(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setenv("REVOCATION_CHECK", "feed")
    monkeypatch.setenv("REVOCATION_DELAY_SECONDS", str(DELAY))
    stack.forget_wiring()
    return stack


@pytest.fixture
def calls(by_the_feed: Stack) -> Iterator[list[tuple[str, Any]]]:
    del by_the_feed
    made: list[tuple[str, Any]] = []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        made.append((model.name, params))

    events = wiring.dynamodb().meta.events
    events.register("before-parameter-build.dynamodb", note)
    yield made
    events.unregister("before-parameter-build.dynamodb", note)


@pytest.mark.parametrize("form", FORMS)
def test_a_live_token_is_let_through_without_claims(by_the_feed: Stack, form: str) -> None:
    tokens = by_the_feed.log_in()

    context = by_the_feed.invoke("authorizer", presenting(form, tokens["access_token"]))["context"]

    assert context.keys() == {"sub", "sid", "jti", "scope", "exp"}
    assert (context["sub"], context["sid"]) == (USER_ID, tokens["session_id"])


def test_it_asks_what_its_policy_allows_and_nothing_for_the_next_request(
    by_the_feed: Stack, calls: list[tuple[str, Any]]
) -> None:
    event = presenting(FORMS[0], by_the_feed.log_in()["access_token"])
    forget_wiring(but={"dynamodb", "kms"})
    calls.clear()

    assert is_allowed(by_the_feed, event)
    assert is_allowed(by_the_feed, event)

    assert [name for name, _ in calls] == ["GetItem", "Query"]
    used = {(f"dynamodb:{name}", f"{asked['TableName']}Table") for name, asked in calls}
    assert used == granted("AuthorizerFunction", by_the_feed=True)
    assert all(asked["ConsistentRead"] for _, asked in calls)


END: dict[str, Callable[[Stack, str, int], object]] = {
    "its-session-ended": lambda stack, session_id, now: stack.stores.sessions.end(
        USER_ID, session_id, now=now
    ),
    "everything-of-the-user-ended": lambda stack, _, now: stack.stores.users.raise_version(
        USER_ID, version=7, now=now
    ),
    "the-user-was-deleted": lambda stack, _, now: stack.stores.accounts.delete(
        stack.stores.users.read(USER_ID),  # type: ignore[arg-type] # it is there
        now=now,
    ),
}


@pytest.mark.parametrize("end", END.values(), ids=END.keys())
def test_a_token_is_refused_once_the_delay_is_over(
    by_the_feed: Stack, clock: list[float], end: Callable[[Stack, str, int], object]
) -> None:
    tokens = by_the_feed.log_in()
    event = presenting(FORMS[0], tokens["access_token"])
    assert is_allowed(by_the_feed, event)

    end(by_the_feed, tokens["session_id"], int(clock[0]))
    assert is_allowed(by_the_feed, event), "it is read more often than it need be"

    clock[0] += DELAY
    assert not is_allowed(by_the_feed, event)


def test_a_blocked_token_is_refused_too(by_the_feed: Stack, clock: list[float]) -> None:
    event = presenting(FORMS[0], by_the_feed.log_in()["access_token"])
    jti = by_the_feed.invoke("authorizer", event)["context"]["jti"]
    now = int(clock[0])

    by_the_feed.stores.blocklist.put(BlockedToken(jti, USER_ID, "stolen", now, now + 1020))

    clock[0] += DELAY
    assert not is_allowed(by_the_feed, event)


def test_who_asks_for_somebody_else_is_told_at_once(by_the_feed: Stack) -> None:
    tokens = by_the_feed.log_in()
    assert introspect(by_the_feed, tokens["access_token"]).body["active"]

    by_the_feed.stores.sessions.end(USER_ID, tokens["session_id"], now=int(time.time()))

    assert not introspect(by_the_feed, tokens["access_token"]).body["active"]


def unreadable(**_: Any) -> dict[str, Any]:
    return {"Items": [{"copy": {"S": "0"}, "at": {"S": "x"}}], "Count": 1}


def empty(**_: Any) -> dict[str, Any]:
    return {}


@pytest.mark.parametrize("answer", [unreadable, empty])
def test_what_cannot_be_read_is_a_failure_that_is_over_with_the_next_read(
    by_the_feed: Stack,
    clock: list[float],
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[..., dict[str, Any]],
) -> None:
    event = presenting(FORMS[0], by_the_feed.log_in()["access_token"])
    assert is_allowed(by_the_feed, event)
    clock[0] += DELAY

    with monkeypatch.context() as fault:
        fault.setattr(wiring.dynamodb(), "query", answer)
        for _ in range(2):
            with pytest.raises(UnavailableError):
                by_the_feed.invoke("authorizer", event)

    assert is_allowed(by_the_feed, event)


def test_a_forged_or_expired_token_costs_no_read(by_the_feed: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    token = by_the_feed.log_in()["access_token"]
    monkeypatch.setattr(wiring.dynamodb(), "query", None)

    assert not is_allowed(by_the_feed, presenting(FORMS[0], token[:-5] + "AAAAA"))
    assert not is_allowed(by_the_feed, recorded(FORMS[0]))
