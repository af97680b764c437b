"""Whoever gives a command: the screen they look at, and the stack they mean, found when it is needed."""

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

import typer

from rescind_cli.errors import RefusedError
from rescind_cli.screen import Screen
from rescind_cli.stack import Stack

_NOT_FOUND = 404
_USER_ID = re.compile(r"usr_[A-Za-z0-9_-]{22}")


class Operator:
    def __init__(self, screen: Screen, find: Callable[[], Stack]) -> None:
        self.screen = screen
        self._find = find

    @cached_property
    def stack(self) -> Stack:
        return self._find()

    def ask(self, operation: str, **given: Any) -> dict[str, Any]:
        """As `Stack.ask` does, with its options."""
        return self.stack.ask(operation, **given)

    def user_id(self, user: str) -> str:
        """Of a user who is named by id, by username, or by issuer and subject with a space between."""
        if _USER_ID.fullmatch(user):
            return user
        # No username has a space, and no issuer has one; a subject may.
        issuer, space, subject = user.partition(" ")
        is_external = space and issuer.startswith(("https://", "http://"))
        named = {"issuer": issuer, "subject": subject} if is_external else {"username": user}
        try:
            return str(self.ask("findUser", **named)["user_id"])
        except RefusedError as error:
            if error.status != _NOT_FOUND:
                raise
            said = f"There is no user {user}."
            raise RefusedError(said, status=error.status, error=error.error) from error


def operator_of(context: typer.Context) -> Operator:
    found: Operator = context.obj  # the callback of all commands has put it there
    return found
