"""For how long a revoked token gets through, with several clients that ask before, during and after."""

import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from prove_on_aws.api import Api
from prove_on_aws.people import People
from prove_on_aws.steps import User
from rescind.flows.canary import LATE_SECONDS, Answer, answer_to
from rescind.unavailable import UnavailableError
from rescind_cli.checks.findings import Finding, fault, ok

_BEFORE_SECONDS = 0.5
"""For so long the clients ask before the logout: where there is a cache, their answers are in it."""
_QUIET_SECONDS = 2.0
"""So long after the bound nothing has got through, and that is that."""
_SHORTEST_PAUSE_SECONDS = 0.1
_PAUSES_IN_BOUND = 300


@dataclass(frozen=True)
class Round:
    delay_seconds: float
    """How long after the logout's answer the last request that got through was begun; 0 if none did."""
    bound_seconds: int
    requests: int

    @property
    def late(self) -> bool:
        return self.delay_seconds > self.bound_seconds


@dataclass
class _Asked:
    """What the clients have been answered, each with when it was begun."""

    let_in: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def note(self, answer: Answer, begun: float) -> None:
        if answer is Answer.LET_IN:
            self.let_in.append(begun)
        elif answer is Answer.REFUSED:
            self.refused.append(begun)


def bound_of(settings: Mapping[str, Any]) -> int:
    """As flows/end.py states it, by what the admin function says of the settings."""
    delay = int(settings["revocation_delay_seconds"])
    if settings["revocation_check"] == "feed":
        return delay + 10
    return delay + int(settings["authorizer_timeout_seconds"]) if delay > 0 else 0


def rounds(api: Api, people: People, *, bound: int, number: int, clients: int) -> Iterator[Round]:
    """Each with a user of its own.

    Raises:
        CommandError: there is no user to measure with.
        NotAsPromisedError: there was no login, or no logout.
        UnavailableError: nothing could be measured.
    """
    for _ in range(number):
        before = api.asked
        delay = _delay(api, people, bound=bound, clients=clients)
        yield Round(delay, bound, api.asked - before)


def _delay(api: Api, people: People, *, bound: int, clients: int) -> float:
    user = User(api, people.somebody())
    token = str(user.log_in()["access_token"])
    asked = _Asked()
    pause = max(_SHORTEST_PAUSE_SECONDS, bound / _PAUSES_IN_BOUND)

    def go_on_asking(_: int) -> None:
        while not asked.over.is_set():
            begun = time.monotonic()
            asked.note(answer_to(token, ask=api.ask), begun)
            asked.over.wait(pause)

    with ThreadPoolExecutor(clients) as pool:
        running = [pool.submit(go_on_asking, number) for number in range(clients)]
        try:
            time.sleep(_BEFORE_SECONDS)
            if not asked.let_in:
                raise UnavailableError("the token was not let in before its logout")
            user.log_out(token)
            answered = time.monotonic()
            _wait(asked, until=answered + bound)
        finally:
            asked.over.set()
    for each in running:
        each.result()
    if not any(begun > answered + bound for begun in asked.refused + asked.let_in):
        raise UnavailableError("there were no answers after the bound")
    return round(max((begun - answered for begun in asked.let_in if begun > answered), default=0.0), 3)


def _wait(asked: _Asked, *, until: float) -> None:
    """Until the bound is over and nothing gets through any more; of what does, it is looked at how late."""
    while time.monotonic() < until + _QUIET_SECONDS or (
        asked.let_in[-1] > max(until, time.monotonic() - _QUIET_SECONDS)
        and time.monotonic() < until + LATE_SECONDS
    ):
        time.sleep(_SHORTEST_PAUSE_SECONDS)


def finding(found: list[Round]) -> Finding:
    name = "revocation bound"
    worst = max(each.delay_seconds for each in found)
    said = (
        f"{len(found)} rounds, {sum(each.requests for each in found)} requests: the last that got through "
        f"was begun {worst:.3f} s after the logout's answer, {found[0].bound_seconds} s are stated"
    )
    if any(each.late for each in found):
        return fault(name, said, "docs/operations.md: Revocation is late")
    return ok(name, said)
