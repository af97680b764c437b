"""What an operator does with all users, a page at a time: list them, and end every token of each."""

import time

from rescind import audit, wiring
from rescind.flows.end import effective_by
from rescind.flows.everyone import end_page
from rescind.model import User
from rescind.rules.sessions import CLOCK_SKEW_SECONDS
from rescind.web.accounts import listed
from rescind.web.admin_requests import AdminRequest
from rescind.web.pages import MAX_SEGMENTS, after_of, cursor, optional_integer
from rescind.web.responses import Response, ok

_USERS_A_PAGE = 100
# No user's turn begins later: the rest of the function's time is for a write that fails (deadline.py).
_LATE_AFTER_SECONDS = 4


def show(request: AdminRequest) -> Response:
    limit = optional_integer(request.members, "limit", lowest=1, highest=1000) or _USERS_A_PAGE
    after = after_of(request.members, segment=0, of=1)
    page = wiring.users().page(segment=0, of=1, after=after, limit=limit)
    return ok(
        {
            "users": [listed(row) for row in page.rows if isinstance(row, User)],
            "unreadable": [row.user_id for row in page.rows if not isinstance(row, User)],
            "next": cursor(page.after, segment=0, of=1),
        }
    )


def revoke(request: AdminRequest) -> Response:
    """The users of one page. The first answer says since when, and all later ones are asked with that."""
    began, now = time.monotonic(), int(time.time())
    members = request.members
    of = optional_integer(members, "of", lowest=1, highest=MAX_SEGMENTS) or 1
    segment = optional_integer(members, "segment", lowest=0, highest=of - 1) or 0
    # What is issued tomorrow cannot be ended today.
    given = optional_integer(members, "since", lowest=0, highest=now + CLOCK_SKEW_SECONDS)
    since = now if given is None else given

    page = end_page(
        segment=segment,
        of=of,
        after=after_of(members, segment=segment, of=of),
        since=since,
        users=wiring.users(),
        now=now,
        is_late=lambda: time.monotonic() - began > _LATE_AFTER_SECONDS,
        tell=lambda user_id: audit.record(audit.Event.USER_REVOKED, user_id=user_id, actor=request.actor),
    )
    return ok(
        {
            "revoked": page.revoked,
            "skipped": page.skipped,
            "unreadable": page.unreadable,
            "since": since,
            "next": cursor(page.after, segment=segment, of=of),
            "effective_by": effective_by(time.time(), settings=wiring.settings()),
        }
    )
