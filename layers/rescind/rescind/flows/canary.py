"""How long a token still gets through after its logout: measured by asking until the stated bound is over."""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from rescind.flows.accounts import delete_user
from rescind.flows.stores import Accounts, Users
from rescind.unavailable import UnavailableError

# So many refusals of requests that were begun after the bound, and that is that.
_REFUSALS = 3
# Whatever gets through after the bound is late; for so long it is looked at how late.
LATE_SECONDS = 30.0
_SHORTEST_PAUSE_SECONDS = 0.2
_PAUSES_IN_BOUND = 60
_OK, _UNAUTHORIZED = 200, 401
_TRIES = 3
_WAIT_SECONDS = 1.0

Ask = Callable[..., tuple[int, Mapping[str, Any]]]
"""Method, path, and by name `bearer` and `body`: the status and what a success holds, or UnavailableError."""


class Answer(Enum):
    """What came of one request with the token."""

    LET_IN = auto()
    REFUSED = auto()
    NONE = auto()
    """Throttled, unreachable, 503: it tells nothing of the token."""


@dataclass(frozen=True, slots=True)
class Measurement:
    delay_seconds: float
    """How long after the logout's answer the last request that got through was begun; 0 if none did."""
    bound_seconds: int

    @property
    def late(self) -> bool:
        return self.delay_seconds > self.bound_seconds


def log_in_and_out(username: str, password: str, *, ask: Ask) -> str:
    """The access token of a session that was open, was let in, and has just been ended.

    Raises:
        UnavailableError: something did not go that way; the message says what.
    """
    login = _success(ask("POST", "/auth/login", body={"username": username, "password": password}), "login")
    token = str(login["access_token"])
    _success(ask("GET", "/auth/me", bearer=token), "me")  # Where there is a cache, the answer is in it now.
    logout = _success(ask("POST", "/auth/logout", bearer=token, body={}), "logout")
    if logout["revoked"] != "session":
        raise UnavailableError("logout ended nothing")
    return token


def answer_to(token: str, *, ask: Ask) -> Answer:
    """What comes of a request with the token."""
    try:
        status, _ = ask("GET", "/auth/me", bearer=token)
    except UnavailableError:
        return Answer.NONE
    return {_OK: Answer.LET_IN, _UNAUTHORIZED: Answer.REFUSED}.get(status, Answer.NONE)


def measure(
    answer: Callable[[], Answer],
    *,
    bound_seconds: int,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    ends_at: float,
) -> Measurement:
    """Ask over and over from now on, when the logout has just been answered, until the bound is over.

    Not only until the first refusal: of two caches, one may still let the token in.

    Args:
        answer: begin a request with the token, and wait for what comes of it.
        bound_seconds: after which nothing may get through.
        clock: seconds that never go back.
        sleep: wait for so many seconds.
        ends_at: no request begins after that second of the clock.

    Raises:
        UnavailableError: time was up before it was known whether the bound held.
    """
    since = clock()
    ends_at = min(ends_at, since + bound_seconds + LATE_SECONDS)
    pause = max(_SHORTEST_PAUSE_SECONDS, bound_seconds / _PAUSES_IN_BOUND)
    delay, refusals = 0.0, 0
    while refusals < _REFUSALS and (begun := clock()) <= ends_at:
        match answer():
            case Answer.LET_IN:
                # Up to the next millisecond, so that 0 means none.
                delay = max(math.ceil((begun - since) * 1000), 1) / 1000
            case Answer.REFUSED:
                refusals += begun - since > bound_seconds
            case Answer.NONE:
                pass
        sleep(pause)
    measurement = Measurement(delay, bound_seconds)
    if refusals < _REFUSALS and not measurement.late:
        raise UnavailableError("time was up before the bound was over")
    return measurement


def leave_nothing(
    user_id: str,
    *,
    users: Users,
    accounts: Accounts,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> bool:
    """Delete the user, which ends every token; whether there was one.

    At each try by the clock of that second, as the canary runs for minutes: `clock` gives epoch seconds.

    Raises:
        UnavailableError: every try failed. The message names the user, who may still be there.
    """
    for _ in range(_TRIES):
        with suppress(UnavailableError):
            return delete_user(user_id, users=users, accounts=accounts, now=int(clock()))
        sleep(_WAIT_SECONDS)
    raise UnavailableError(f"{user_id} was not deleted")


def _success(answer: tuple[int, Mapping[str, Any]], what: str) -> Mapping[str, Any]:
    status, members = answer
    if status != _OK:
        raise UnavailableError(f"{what} answered {status}")
    return members
