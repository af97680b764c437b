"""`rescind users`: who may log in."""

import json
from typing import Annotated, Any

import typer

from rescind_cli.errors import RefusedError
from rescind_cli.given import json_object, new_password
from rescind_cli.operators import Operator, operator_of
from rescind_cli.screen import when

app = typer.Typer(help="Who may log in.", no_args_is_help=True)

_AT_MOST = 1000

_LOOK = "Look whether it was done, and give it again only if it was not: `rescind users show`."
_USER_HELP = "A username, a user id (usr_...), or 'ISSUER SUBJECT' of one who logs in elsewhere."
User = Annotated[str, typer.Argument(help=_USER_HELP)]


@app.command()
def add(
    context: typer.Context,
    username: Annotated[str | None, typer.Argument(help="As they will log in.", show_default=False)] = None,
    issuer: Annotated[
        str | None, typer.Option(help="Where they log in instead: the iss of its tokens, with --subject.")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="Who they are there: the sub of their tokens.")] = None,
    scope: Annotated[str, typer.Option(help="What they are granted, such as 'admin'.")] = "",
    claims: Annotated[str | None, typer.Option(help="A JSON object that your functions are told.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from a pipe.")
    ] = False,
) -> None:
    """Make a user. The password is asked for, so that it is in no file and no history.

    A user of another issuer has none here, and is named by --issuer and --subject.
    """
    operator = operator_of(context)
    if issuer is not None and subject is not None and username is None and not password_stdin:
        who = {"issuer": issuer, "subject": subject}
    elif username is not None and issuer is None and subject is None:
        who = {"username": username, "password": new_password(from_stdin=password_stdin)}
    else:
        raise typer.BadParameter("Give a username; or --issuer and --subject, and no password.")
    made = operator.ask(
        "createUser",
        repeat=False,  # Of two the second would find the name taken.
        **who,
        scope=scope,
        claims=json_object(claims),
    )
    operator.screen.result(made, f"{made['username']} is {made['user_id']}, and can log in.")


@app.command()
def show(context: typer.Context, user: User) -> None:
    """Show a user, and how many sessions they have."""
    operator = operator_of(context)
    _show(operator, operator.ask("getUser", user_id=operator.user_id(user)))


@app.command(name="list")
def list_users(
    context: typer.Context,
    limit: Annotated[int | None, typer.Option(min=1, help="No more than so many, whichever.")] = None,
) -> None:
    """List users, all of them where no limit is given."""
    operator = operator_of(context)
    users: list[dict[str, Any]] = []
    unreadable: list[str] = []
    after = None
    while limit is None or len(users) < limit:
        left = _AT_MOST if limit is None else min(_AT_MOST, limit - len(users))
        page = operator.ask("listUsers", limit=left, after=after)
        users += page["users"]
        unreadable += page["unreadable"]
        after = page["next"]
        if after is None:
            break
    users.sort(key=lambda user: user["username"])
    operator.screen.result({"users": users, "unreadable": unreadable})
    if not operator.screen.as_json:
        cells = ("username", "user_id", "status", "scope")
        rows = [[*(each[cell] for cell in cells), when(each["logged_out_at"])] for each in users]
        operator.screen.table(("username", "user id", "status", "scope", "all ended at"), rows)
    if unreadable:
        operator.screen.note(f"These rows cannot be read: {' '.join(unreadable)}")


@app.command()
def disable(context: typer.Context, user: User) -> None:
    """Lock a user out: every token ends, and there is no login until they are enabled."""
    operator = operator_of(context)
    done = operator.ask("disableUser", user_id=operator.user_id(user))
    _ended(operator, done, f"{user} is disabled.")


@app.command()
def enable(context: typer.Context, user: User) -> None:
    """Let a user log in again. No old token comes back."""
    operator = operator_of(context)
    done = operator.ask(
        "enableUser",
        repeat=False,  # The second could let in whom somebody has locked out in between.
        cure=_LOOK,
        user_id=operator.user_id(user),
    )
    operator.screen.result(done, f"{user} is active, and can log in.")


@app.command()
def change(
    context: typer.Context,
    user: User,
    scope: Annotated[
        str | None, typer.Option(help="What they are granted from now on; '' for nothing.")
    ] = None,
    claims: Annotated[str | None, typer.Option(help="The JSON object that your functions are told.")] = None,
) -> None:
    """Grant a user another scope, or have other claims handed on. What is not given stays.

    A scope that is taken away is gone from live tokens at once; one that is added is in the next token.
    """
    operator = operator_of(context)
    changed = operator.ask(
        "changeUser",
        repeat=False,  # The second could undo what somebody else has changed in between.
        cure=_LOOK,
        user_id=operator.user_id(user),
        scope=scope,
        claims=json_object(claims),
    )
    _show(operator, changed)


@app.command()
def password(
    context: typer.Context,
    user: User,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from a pipe.")
    ] = False,
) -> None:
    """Set a user's password: the old one is dead, and so is every token. A disabled user stays disabled."""
    operator = operator_of(context)
    user_id = operator.user_id(user)
    # Nobody types a password for a user who is not there, or who has none.
    issuer, elsewhere, _ = str(operator.ask("getUser", user_id=user_id)["username"]).partition(" ")
    if elsewhere:
        said = f"{user} logs in at {issuer}, and has no password here. Change it there; to end what is open "
        raise RefusedError(f"{said}here, `rescind revoke user`.", status=409, error="conflict")
    new = new_password(from_stdin=password_stdin)
    _ended(
        operator, operator.ask("setPassword", user_id=user_id, password=new), f"{user} has a new password."
    )


@app.command()
def delete(
    context: typer.Context,
    user: User,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a user for good: every token ends, and the name is free."""
    operator = operator_of(context)
    user_id = operator.user_id(user)
    if not yes:
        typer.confirm(f"Delete {user} ({user_id}) on {operator.stack.name}?", abort=True, err=True)
    _ended(operator, operator.ask("deleteUser", user_id=user_id), f"{user} is deleted.")


def _show(operator: Operator, found: dict[str, Any]) -> None:
    operator.screen.result(
        found,
        f"{found['username']} ({found['user_id']})",
        f"  status         {found['status']}",
        f"  scope          {found['scope'] or '(none)'}",
        f"  claims         {json.dumps(found['claims'])}",
        f"  live sessions  {found['sessions']}",
        f"  token version  {found['token_version']}",
        f"  all ended at   {when(found['logged_out_at'])}",
    )


def _ended(operator: Operator, done: dict[str, Any], what: str) -> None:
    operator.screen.result(
        done, what, f"No token of theirs gets through from {when(done['effective_by'])} on."
    )
