"""The command line: the options that all commands share, and which commands there are."""

from typing import Annotated

import typer

from rescind_cli.commands import (
    Commands,
    canary,
    doctor,
    everyone,
    imports,
    keys,
    revoke,
    sessions,
    users,
    why,
)
from rescind_cli.errors import CommandError, Exit
from rescind_cli.operators import Operator
from rescind_cli.screen import Screen
from rescind_cli.stack import Stack, deployed_stack, local_stack

app = typer.Typer(
    name="rescind",
    help="Operate a Rescind stack: its users, sessions, tokens and keys.",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
users.app.command("import")(imports.import_users)
app.add_typer(users.app, name="users")
app.command("sessions")(sessions.sessions)
revoke.app.command()(everyone.everyone)
app.add_typer(revoke.app, name="revoke")
app.add_typer(keys.app, name="keys")
app.command()(why.why)
app.command()(doctor.doctor)
app.command()(canary.canary)


@app.callback()
def options(
    context: typer.Context,
    stack: Annotated[
        str | None, typer.Option(envvar="RESCIND_STACK", help="The deployed stack, by its name.")
    ] = None,
    local: Annotated[bool, typer.Option("--local", help="The stack of `make run` on this machine.")] = False,
    port: Annotated[int, typer.Option(envvar="PORT", help="Where the local stack serves.")] = 3000,
    region: Annotated[str | None, typer.Option(help="The AWS region of the deployed stack.")] = None,
    profile: Annotated[str | None, typer.Option(help="The AWS profile to use.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, for scripts.")
    ] = False,
) -> None:
    source = context.get_parameter_source("stack")
    if local and stack and source and source.name == "COMMANDLINE":
        raise typer.BadParameter("Say --stack or --local, not both.")

    def find() -> Stack:
        if local:
            return local_stack(port)
        if stack is None:
            raise CommandError(
                "Which stack? Say --stack NAME (or set RESCIND_STACK), or --local for that of `make run`.",
                Exit.NO_ACCESS,
            )
        return deployed_stack(stack, region=region, profile=profile)

    context.obj = Operator(Screen(as_json=as_json), find)
