"""Reserving a guess before the password is looked at, and giving it back when it was right."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from rescind.model import Client
from rescind.reasons import Reason
from rescind.rules.throttle import Full, Window, windows_of
from rescind.settings import Settings
from rescind.unavailable import UnavailableError


class Attempts(Protocol):
    """Here and not in `stores`, or the authorizer would load what it never asks."""

    def count(self, window: Window, *, now: int) -> Full | None: ...

    def give_back(self, window: Window, *, now: int) -> None: ...

    def forget(self, window: Window) -> None: ...


@dataclass(frozen=True, slots=True)
class Throttled:
    """The password was not looked at. `retry_after` is in seconds from now."""

    reason: Reason
    retry_after: int
    user_id: str | None = None


def windows_for(username: str, *, client: Client, settings: Settings) -> tuple[Window, ...]:
    """Where a guess at this account's password, from this client, counts."""
    return windows_of(
        username,
        address=client.ip,
        per_account_and_network=settings.failures_per_account_and_network,
        per_account=settings.failures_per_account,
        per_network=settings.failures_per_network,
    )


def reserve(
    windows: Sequence[Window], *, attempts: Attempts, now: int, user_id: str | None = None
) -> Throttled | None:
    """Count a failure in every window, or in none when one of them is full.

    Args:
        windows: where this guess counts.
        attempts: where failures are counted.
        now: epoch seconds at the start of this request.
        user_id: whom the guess is about, where there is such a user; for the log.

    Raises:
        UnavailableError: one could not be counted; what was counted before is given back as far as that goes.
    """
    for place, window in enumerate(windows):
        try:
            full = attempts.count(window, now=now)
        except UnavailableError:
            _give_back(windows[:place], attempts=attempts, now=now)
            raise
        if isinstance(full, Full):
            _give_back(windows[:place], attempts=attempts, now=now)
            return Throttled(window.reason, full.retry_after, user_id)
    return None


def settle(windows: Sequence[Window], *, attempts: Attempts, now: int) -> None:
    """The password was right: nothing counts against this account from this network any more.

    The account's and the network's other failures stay, or a guesser could clear them with own logins.
    """
    own, *others = windows
    with suppress(UnavailableError):
        attempts.forget(own)
    _give_back(others, attempts=attempts, now=now)


def _give_back(windows: Sequence[Window], *, attempts: Attempts, now: int) -> None:
    """What cannot be given back counts as a failure for a while; that is no reason to fail the request."""
    for window in windows:
        with suppress(UnavailableError):
            attempts.give_back(window, now=now)
