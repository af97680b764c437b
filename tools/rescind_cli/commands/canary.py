"""`rescind canary`: measure now how long a token gets through after its logout."""

import typer

from rescind_cli.errors import Exit
from rescind_cli.operators import operator_of

# The time that the canary is given in the template, and the way there.
_READ_SECONDS = 500


def canary(context: typer.Context) -> None:
    """Log in as a throw-away user, log out, and measure when the token is refused.

    It takes a few seconds more than the stack's stated delay. The exit code is 1 when a token got through
    after that.
    """
    operator = operator_of(context)
    stack = operator.stack.patient(_READ_SECONDS)
    operator.screen.note(
        f"Logging in and out on {stack.name}. The answer comes when its stated delay is over."
    )
    measured = stack.invoke(stack.canary_function, {})
    delay, bound = measured["delay_seconds"], measured["bound_seconds"]
    if measured["late"]:
        said = f"LATE: a token got through {delay:.3f} s after its logout, where {bound} s are stated."
    elif delay:
        said = f"The last that got through was begun {delay:.3f} s after the logout; {bound} s are stated."
    else:
        said = f"The token was refused at once after its logout; {bound} s are stated."
    operator.screen.result(measured, said)
    if measured["late"]:
        raise typer.Exit(Exit.FOUND)
