"""`rescind sessions`: where a user is logged in."""

import typer

from rescind_cli.commands.users import User
from rescind_cli.operators import operator_of
from rescind_cli.screen import when

_COLUMNS = ("session", "opened (UTC)", "last used", "ends", "address", "user agent")


def sessions(context: typer.Context, user: User) -> None:
    """List a user's live sessions, the newest first. `rescind revoke session` ends one."""
    operator = operator_of(context)
    found = operator.ask("listUserSessions", user_id=operator.user_id(user))
    if operator.screen.as_json or not found["sessions"]:
        operator.screen.result(found, f"{user} is not logged in anywhere.")
        return
    times = ("created_at", "last_used_at", "expires_at")
    operator.screen.table(
        _COLUMNS,
        [
            (
                row["session_id"],
                *(when(row[time]).removesuffix(" UTC") for time in times),
                row["ip"],
                row["user_agent"],
            )
            for row in found["sessions"]
        ],
    )
