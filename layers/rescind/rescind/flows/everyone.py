"""Ending every token of every user, a page at a time. How far a run has come stands in the users' own rows.

So it can be cut off anywhere and begun again: who has been ended by it is not ended twice.
"""

from collections.abc import Callable
from dataclasses import dataclass

from rescind.flows.end import end_everything
from rescind.flows.stores import Users
from rescind.model import UnreadableUser
from rescind.rules.everyone import has_ended_since
from rescind.rules.revocations import KEPT_SECONDS

_USERS_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class PageEnded:
    """How many users were ended, and how many had been since the run began."""

    revoked: int
    skipped: int
    unreadable: tuple[str, ...]
    """The ids of users of whom nothing can be decided, here or by the authorizer."""
    after: str | None
    """The user id to go on after; None when the segment is done."""


def end_page(
    *,
    segment: int,
    of: int,
    after: str | None,
    since: int,
    users: Users,
    now: int,
    is_late: Callable[[], bool],
    tell: Callable[[str], None],
) -> PageEnded:
    """End every token of the users of one page that was issued before `since`.

    A user who has logged in since loses that session too, once; then they are left alone. What has ended the
    tokens of the others is announced once more: an earlier request for this page may have died.

    Args:
        segment: of the table, from 0.
        of: how many segments there are.
        after: the user id that the page before this one came to; None for the first page.
        since: epoch seconds when the run began.
        users: where the users are.
        now: epoch seconds at the start of this request.
        is_late: whether to leave the rest of the page to another request; asked after each user.
        tell: is given the id of each user at once, so that what was done is known when a later call fails.

    Raises:
        UnavailableError: a call failed. The same page may be asked for again.
    """
    page = users.page(segment=segment, of=of, after=after, limit=_USERS_A_PAGE)
    revoked, skipped, unreadable = 0, 0, []
    reached = page.after
    for done, row in enumerate(page.rows, start=1):
        if isinstance(row, UnreadableUser):
            unreadable.append(row.user_id)
        elif has_ended_since(row, since=since, now=now):
            if row.logged_out_at > now - KEPT_SECONDS:  # Or its tokens have all expired since.
                users.announce_end(row.user_id, now=now)
            skipped += 1
        else:
            end_everything(row, users=users, now=now)
            tell(row.user_id)
            revoked += 1
        if done < len(page.rows) and is_late():
            reached = row.user_id
            break
    return PageEnded(revoked, skipped, tuple(unreadable), reached)
