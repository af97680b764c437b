"""Whoever gives a command: the screen they look at, and the stack they mean, found when it is needed."""

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

import typer

from rescind_cli.screen import Screen
from rescind_cli.stack import Stack

_USER_ID = re.compile(r"usr_[A-Za-z0-9_-]{22}")


class Operator:
    def __init__(self, screen: Screen, find: Callable[[], Stack]) -> None:
        self.screen = screen
        self._find = find

    @cached_property
    def stack(self) -> Stack:
        return self._find()

    def ask(self, operation: str, *, repeat: bool = True, **parameters: Any) -> dict[str, Any]:
        """As `Stack.ask` does."""
        return self.stack.ask(operation, repeat=repeat, **parameters)

    def user_id(self, user: str) -> str:
        """Of a user who is named by their id or by their username."""
        if _USER_ID.fullmatch(user):
            return user
        return str(self.ask("findUser", username=user)["user_id"])


def operator_of(context: typer.Context) -> Operator:
    found: Operator = context.obj  # the callback of all commands has put it there
    return found
