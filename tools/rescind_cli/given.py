"""What is given to a command: a token or a password, asked for or by a pipe; a JSON object as an argument."""

import json
import re
import sys
from collections.abc import Sequence
from typing import Any

import typer

from rescind_cli.errors import CommandError, Exit

_FROM_A_PIPE = ["-"]
_AROUND = re.compile(r"(?:authorization:\s*)?(?:bearer\s+)?", re.IGNORECASE)


def token_given(words: Sequence[str] | None) -> str:
    """The token alone: it may come as a header, cut into words or into lines.

    An argument is allowed, but ends up in a history.
    """
    if list(words or ()) == _FROM_A_PIPE or not (words or sys.stdin.isatty()):
        given = sys.stdin.read()
    elif not words:
        given = str(typer.prompt("Token", hide_input=True, err=True))
    else:
        given = " ".join(words)
    return "".join(_AROUND.sub("", given.strip(), count=1).split())


def new_password(*, from_stdin: bool) -> str:
    """Asked for twice, so that it is in no file and no history; or the first line of a pipe."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt="The same again", err=True))


def json_object(text: str | None) -> dict[str, Any] | None:
    """Of `--claims`.

    Raises:
        CommandError: it is something else.
    """
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError as error:
        raise CommandError(f"--claims is not JSON: {error}", Exit.REFUSED) from error
    if not isinstance(found, dict):
        raise CommandError("--claims is not a JSON object.", Exit.REFUSED)
    return found
