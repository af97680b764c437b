"""Throttling of password guesses: where a failure is counted, and when there have been too many.

A window slides by slots: it holds the slot of the moment and as many before it as make up its length. So in
no stretch of that length, wherever it begins, do more than `limit` failures pass; and each is forgotten up to
one slot later than it might be.
"""

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from rescind.reasons import Reason

_MINUTE = 60
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Window:
    """At most `limit` failures in `slots * slot_seconds` seconds, counted in `bucket`."""

    bucket: str
    limit: int
    slots: int
    slot_seconds: int
    reason: Reason
    """For the log, when it is this window that is full."""

    def slot(self, now: int) -> int:
        return now // self.slot_seconds

    def ends_at(self, slot: int) -> int:
        """The second from which a failure of this slot no longer counts."""
        return (slot + self.slots + 1) * self.slot_seconds


@dataclass(frozen=True, slots=True)
class Tally:
    """What a bucket holds: how many failures in which slot."""

    revision: int
    """Every write adds 1."""
    failures: Mapping[int, int]

    @property
    def total(self) -> int:
        return sum(self.failures.values())


@dataclass(frozen=True, slots=True)
class Full:
    """There have been too many failures; `retry_after` seconds from now there is room for another one."""

    retry_after: int


def windows_of(
    username: str, *, address: str, per_account_and_network: int, per_account: int, per_network: int
) -> tuple[Window, Window, Window]:
    """The three windows that a guess is counted in; the first is the one that a right password empties.

    Args:
        username: as prepared, of an account that may or may not exist.
        address: of the client.
        per_account_and_network: how many failures pass in 15 minutes.
        per_account: how many pass in 24 hours.
        per_network: how many pass in 15 minutes.
    """
    # Hashed, because what people type into the wrong field is a password; and it bounds the key.
    account = hashlib.sha256(username.encode()).hexdigest()
    network = network_of(address)
    return (
        Window(
            f"account-network#{account}#{network}",
            per_account_and_network,
            15,
            _MINUTE,
            Reason.TOO_MANY_FROM_NETWORK_FOR_ACCOUNT,
        ),
        Window(f"account#{account}", per_account, 24, _HOUR, Reason.TOO_MANY_FOR_ACCOUNT),
        Window(f"network#{network}", per_network, 15, _MINUTE, Reason.TOO_MANY_FROM_NETWORK),
    )


def network_of(address: str) -> str:
    """The /24 of an IPv4 address, the /64 of an IPv6 one: about what one customer of a provider has."""
    try:
        host = ipaddress.ip_address(address)
    except ValueError:
        return address  # API Gateway's console writes "test-invoke-source-ip".
    if isinstance(host, ipaddress.IPv6Address):
        host = host.ipv4_mapped or host
    prefix = 24 if isinstance(host, ipaddress.IPv4Address) else 64
    return str(ipaddress.ip_network((host.packed, prefix), strict=False))


def counted(tally: Tally | None, window: Window, *, now: int) -> Tally | Full:
    """The tally with one failure more, or when there is room for it. What has slid out is left out."""
    held = tally.failures if tally else {}
    failures = {slot: count for slot, count in held.items() if window.ends_at(slot) > now}
    remaining = sum(failures.values())
    if remaining >= window.limit:
        for slot in sorted(failures):
            remaining -= failures[slot]
            if remaining < window.limit:
                return Full(window.ends_at(slot) - now)
    slot = window.slot(now)
    failures[slot] = failures.get(slot, 0) + 1
    return Tally(tally.revision + 1 if tally else 1, failures)


def given_back(tally: Tally, window: Window, *, now: int) -> Tally:
    """The tally without the failure that was counted at `now`; unchanged where that has slid out."""
    slot = window.slot(now)
    if tally.failures.get(slot, 0) < 1:
        return tally
    return Tally(tally.revision + 1, {**tally.failures, slot: tally.failures[slot] - 1})
