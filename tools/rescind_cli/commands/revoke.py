"""`rescind revoke`: take back one token, one session, or all that a user has."""

import re
from typing import Annotated, Any

import typer

from rescind_cli.commands.users import User
from rescind_cli.errors import CommandError, Exit
from rescind_cli.given import token_given
from rescind_cli.operators import Operator, operator_of
from rescind_cli.screen import when

app = typer.Typer(help="Take tokens back.", no_args_is_help=True)

_TOKEN_ID = re.compile(r"tok_[A-Za-z0-9_-]{22}")
_SESSION_ID = re.compile(r"ses_[A-Za-z0-9_-]{22}")
_DOTS = 2  # An access token has so many, a refresh token more.
_WHAT = {
    "token": "The access token is blocked. Its session lives on, and the next refresh gives another.",
    "session": "The session has ended, and its access tokens with it.",
    "nothing": "Nothing was ended: there is no such thing on this stack, or it has ended or expired before.",
}


@app.command()
def user(context: typer.Context, user: User) -> None:
    """End every token of a user, who can log in again. `rescind users disable` keeps them out."""
    operator = operator_of(context)
    done = operator.ask("revokeUser", user_id=operator.user_id(user))
    operator.screen.result(done, f"Every session of {user} has ended.", _from(done))


@app.command()
def session(
    context: typer.Context,
    user: User,
    session: Annotated[str, typer.Argument(help="Its id (ses_...), as `rescind sessions USER` lists it.")],
) -> None:
    """End one session of a user: its refresh token, and its access tokens."""
    operator = operator_of(context)
    if not _SESSION_ID.fullmatch(session):
        raise CommandError(
            f"{session} is no session id (ses_ and 22 characters): `rescind sessions {user}` lists them.",
            Exit.REFUSED,
        )
    _revoke(operator, user_id=operator.user_id(user), session_id=session)


@app.command()
def token(
    context: typer.Context,
    token: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TOKEN|-",
            show_default=False,
            help="A token id (tok_...); or `-` to read a token from a pipe; or nothing, to be asked.",
        ),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Kept with an access token that is blocked.")] = None,
) -> None:
    """Block an access token, by itself or by its id; or end the session of a refresh token.

    A token that is an argument stays in the history of your shell, and others on the machine can see it. So
    give none: it is asked for, and not shown. Or pipe it in and say `-`.
    """
    given = token_given(token)
    if not _TOKEN_ID.fullmatch(given) and given.count(".") < _DOTS:
        raise CommandError(
            "That is no token, and no token id (tok_ and 22 characters). Was it copied whole?", Exit.REFUSED
        )
    name = "token_id" if _TOKEN_ID.fullmatch(given) else "token"
    _revoke(operator_of(context), **{name: given}, reason=reason)


def _revoke(operator: Operator, **which: Any) -> None:
    done = operator.ask("revokeToken", **which)
    revoked = done["revoked"]
    operator.screen.result(done, _WHAT[revoked], *([] if revoked == "nothing" else [_from(done)]))
    if revoked == "nothing":
        raise typer.Exit(Exit.FOUND)


def _from(done: dict[str, Any]) -> str:
    return f"Nothing of it gets through from {when(done['effective_by'])} on."
