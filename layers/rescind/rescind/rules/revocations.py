"""What is announced when something is revoked, and until when and from when readers must know of it.

In feed mode the authorizer reads no row for a request: it holds tokens against the announcements of the last
hour, which every revocation writes in the transaction of the state that it announces.
"""

from dataclasses import dataclass

from rescind.rules.lifetimes import ACCESS_TOKEN_CEILING_SECONDS

CLOCK_SECONDS = 5
"""Hosts' clocks differ from the right time by at most this, so by twice as much from each other."""
WRITER_SECONDS = 11
"""A request writes within the 10 s of its function, counted from its clock, which is cut down to a second."""
KEPT_SECONDS = ACCESS_TOKEN_CEILING_SECONDS + 120
"""What was announced this long ago concerns no token that could still live. A ceiling, not a setting."""


@dataclass(frozen=True, slots=True)
class TokenBlocked:
    """One access token is taken back."""

    jti: str
    exp: int
    """Or the ceiling, where it is not known."""


@dataclass(frozen=True, slots=True)
class SessionEnded:
    user_id: str
    session_id: str


@dataclass(frozen=True, slots=True)
class TokensEnded:
    """Every token of a lower version: everywhere, password, disabling, an admin's revocation."""

    user_id: str
    token_version: int
    """The lowest that is still good."""
    logged_out_at: int


@dataclass(frozen=True, slots=True)
class UserGone:
    """Deleted; user ids never come again."""

    user_id: str


@dataclass(frozen=True, slots=True)
class ScopeChanged:
    user_id: str
    scope: str
    revision: int
    """Of two the higher one says what is granted."""


Revocation = TokenBlocked | SessionEnded | TokensEnded | UserGone | ScopeChanged


def window(*, last_read_ms: int | None, now_ms: int) -> tuple[int, int]:
    """Which announcements a reader must read, by their writer's clock in ms: from, to, both included.

    Args:
        last_read_ms: when, by this reader's clock, its last complete read began; None when there was none.
        now_ms: when this read begins.
    """
    oldest = now_ms - KEPT_SECONDS * 1000
    if last_read_ms is not None:
        oldest = max(oldest, last_read_ms - (WRITER_SECONDS + 2 * CLOCK_SECONDS) * 1000)
    return oldest, now_ms + 2 * CLOCK_SECONDS * 1000


def key_at(time_ms: int) -> str:
    """Where the announcements of a clock's millisecond begin, in the order of time."""
    return f"{time_ms:014d}"
