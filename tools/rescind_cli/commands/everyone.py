"""`rescind revoke everyone`: end every token there is, user by user or by the keys that signed them."""

import shlex
import time
from contextlib import closing
from typing import Annotated, Any

import typer

from rescind_cli.counter import counting
from rescind_cli.errors import CommandError, Exit, RefusedError
from rescind_cli.operators import Operator, operator_of
from rescind_cli.run import Run
from rescind_cli.screen import when
from rescind_cli.signed import revoke_what_signed

_AS_EVER = 3000


def everyone(
    context: typer.Context,
    since: Annotated[
        int | None,
        typer.Option(min=1, help="Go on with a run that was cut off: the second that it said it began."),
    ] = None,
    parallel: Annotated[
        int,
        typer.Option(min=1, max=32, help="How many functions run at once, from the quota of logins, too."),
    ] = 8,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    now: Annotated[
        bool, typer.Option("--now", help="Revoke the keys instead. It takes seconds, however many users.")
    ] = False,
) -> None:
    """End every token of every user: everybody has to log in again.

    It goes from user to user. It can be cut off and gone on with;
    whoever logs in after their turn stays logged in.

    With --now those keys are revoked that may have signed what is out
    there: of access tokens, and of refresh tokens, or everybody would be
    back after one refresh. The keys that are published ahead stay, so that
    login goes on. Functions hold on to the old keys for up to 70 seconds,
    and those who verify by the JWK set for up to 15 minutes more.
    """
    operator = operator_of(context)
    if now and since is not None:
        raise typer.BadParameter("--now has nothing to go on with: it takes no --since.")
    if not yes:
        what = "Revoke the keys of every token" if now else "End every token of every user"
        question = f"{what} of {operator.stack.name}? Everybody has to log in again."
        typer.confirm(question, abort=True, err=True)
    if now:
        _by_key(operator)
    else:
        _by_user(operator, Run(operator.ask, since=since, parallel=parallel), context)


def _by_user(operator: Operator, run: Run, context: typer.Context) -> None:
    screen, began = operator.screen, time.monotonic()
    revoked, skipped, effective_by = 0, 0, 0
    unreadable: list[str] = []
    try:
        with counting(screen.err, "users") as show, closing(run.pages()) as pages:
            for page in pages:
                if effective_by == 0:
                    screen.note(f"If this is cut off, go on with: {_to_go_on(run, context)}")
                revoked += page["revoked"]
                skipped += page["skipped"]
                unreadable += page["unreadable"]
                effective_by = max(effective_by, page["effective_by"])
                show(revoked + skipped)
    except KeyboardInterrupt:
        screen.note(f"Not everyone is out. Go on with: {_to_go_on(run, context)}")
        raise
    except RefusedError:
        raise
    except CommandError as error:
        # The same command would begin anew.
        on = f"Go on with: {_to_go_on(run, context)}"
        raise CommandError(f"{error.message} Not everyone is out.", error.code, on) from error
    seconds = max(time.monotonic() - began, 0.001)
    done = {"revoked": revoked, "skipped": skipped, "unreadable": unreadable, "since": run.since}
    screen.result(
        {**done, "effective_by": effective_by, "seconds": round(seconds, 1)},
        f"{revoked:,} users were logged out, and {skipped:,} had been since it began: "
        f"{seconds:.1f} s, {(revoked + skipped) / seconds:,.0f} a second.",
        f"No token issued before {when(run.since or 0)} gets through from {when(effective_by)} on.",
    )
    if unreadable:
        screen.note(
            "These users' rows cannot be read, so nobody gets through with them. When you have repaired one, "
            f"give `rescind revoke user` for it, or old tokens are good again: {' '.join(unreadable)}"
        )
        raise typer.Exit(Exit.FOUND)


def _to_go_on(run: Run, context: typer.Context) -> str:
    given: dict[str, Any] = context.find_root().params
    if given["local"]:
        names = ["port"] if given["port"] != _AS_EVER else []
    else:
        names = [name for name in ("stack", "region", "profile") if given[name]]
    words = ["rescind revoke everyone"]
    words += [] if run.since is None else [f"--since {run.since}"]
    words += ["--local"] if given["local"] else []
    words += [f"--{name} {shlex.quote(str(given[name]))}" for name in names]
    return " ".join(words)


def _by_key(operator: Operator) -> None:
    done = revoke_what_signed(operator.stack)
    count = {kind: len(key_ids) for kind, key_ids in done["revoked"].items()}
    operator.screen.result(
        done,
        f"Keys revoked, of access tokens: {count['access-token']}, "
        f"of refresh tokens: {count['refresh-token']}.",
        f"No token that they signed gets through from {when(done['effective_by'])} on; "
        f"where a function cannot read the table of keys, from {when(done['latest_effective_by'])} on.",
    )
    operator.screen.note(
        "Who verifies by the JWK set may take the old keys for 15 minutes longer. Login goes on with the "
        "keys published ahead; if they are younger than 90 seconds it answers 503 until they are not."
    )
