"""A token as it is given to a command: asked for, by a pipe, or as an argument that ends up in a history."""

import re
import sys
from collections.abc import Sequence

import typer

_FROM_A_PIPE = ["-"]
_AROUND = re.compile(r"(?:authorization:\s*)?(?:bearer\s+)?", re.IGNORECASE)


def token_given(words: Sequence[str] | None) -> str:
    """The token alone: it may come as a header, cut into words or into lines."""
    if list(words or ()) == _FROM_A_PIPE or not (words or sys.stdin.isatty()):
        given = sys.stdin.read()
    elif not words:
        given = str(typer.prompt("Token", hide_input=True, err=True))
    else:
        given = " ".join(words)
    return "".join(_AROUND.sub("", given.strip(), count=1).split())
