"""One module for each group of commands; and what all of them share with the command line's library."""

from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from rescind_cli.errors import CommandError, Exit, RefusedError
from rescind_cli.operators import operator_of

_FLAGS = {"--json", "--local"}
_WITH_VALUE = {"--stack", "--port", "--region", "--profile"}


class Commands(TyperGroup):
    """The options that commands share may stand anywhere; a failure ends in one line and its code."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        parsed: list[str] = super().parse_args(ctx, shared_first(args))
        return parsed

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.Abort as error:
            operator_of(ctx).screen.error(
                "It was not confirmed or not given, so nothing was done.", error="aborted"
            )
            raise typer.Exit(Exit.INTERRUPTED) from error
        except CommandError as error:
            kind = error.error if isinstance(error, RefusedError) else error.code.name.lower()
            operator_of(ctx).screen.error(str(error), error=kind)
            raise typer.Exit(error.code) from error


def shared_first(arguments: Sequence[str]) -> list[str]:
    """The options that all commands share, then the rest: the library wants them in this order."""
    shared: list[str] = []
    others: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*shared, *others, word, *rest]
        if word in _WITH_VALUE:
            shared += [word, *rest[:1]]
            rest = rest[1:]
        elif word in _FLAGS or word.partition("=")[0] in _WITH_VALUE:
            shared.append(word)
        else:
            others.append(word)
    return [*shared, *others]
