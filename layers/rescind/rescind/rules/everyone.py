"""When the tokens of everyone are ended: whose have ended since, and need not end again."""

from rescind.model import User
from rescind.rules.sessions import CLOCK_SKEW_SECONDS


def has_ended_since(user: User, *, since: int, now: int) -> bool:
    """Whether no token of the user that was issued before `since` is alive, as the row alone shows.

    It is exact for clocks that lie up to 10 s apart. `since` is the second of one host, `logged_out_at` that
    of another, which read it at the start of the request that raised the version. At that moment the first
    host's clock showed `logged_out_at` - 10 or later, so `since` or later; and the write ended every session
    of before. With less than the 10 s, a write just before `since` by a clock that is ahead would do, and
    whoever logged in between the two would stay.

    A logout that no clock can have seen yet proves nothing.

    Args:
        user: as read.
        since: epoch seconds when the run began, by the clock of the host that its first request met.
        now: epoch seconds at the start of this request.
    """
    return since + CLOCK_SKEW_SECONDS <= user.logged_out_at <= now + CLOCK_SKEW_SECONDS
