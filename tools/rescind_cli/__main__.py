"""`rescind`: runs the command line, and ends it with one line and an exit code that says what went wrong."""

import sys
from collections.abc import Sequence

from rescind_cli.app import app
from rescind_cli.errors import CommandError, RefusedError
from rescind_cli.screen import Screen

_FLAGS = {"--json", "--local"}
_WITH_VALUE = {"--stack", "--port", "--region", "--profile"}


def main() -> None:
    arguments = shared_first(sys.argv[1:])
    try:
        app(arguments, prog_name="rescind")
    except CommandError as error:
        kind = error.error if isinstance(error, RefusedError) else error.code.name.lower()
        Screen(as_json="--json" in arguments).error(str(error), error=kind)
        sys.exit(error.code)


def shared_first(arguments: Sequence[str]) -> list[str]:
    """The options that all commands share may stand anywhere; the library wants them first."""
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


if __name__ == "__main__":
    main()
