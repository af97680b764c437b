"""Whom the proof makes, it names where it does not know that they are gone."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from prove_on_aws.api import Api
from prove_on_aws.people import people_of
from rescind_cli.errors import CommandError, Exit, RefusedError
from rescind_cli.stack import Stack


def a_stack(answer: Exception | dict[str, Any]) -> tuple[Stack, list[str]]:
    """One whose admin function answers so; and the users that it was to make."""
    asked: list[str] = []

    def ask(operation: str, **parameters: Any) -> dict[str, Any]:
        if operation == "createUser":
            asked.append(parameters["username"])
            if isinstance(answer, Exception):
                raise answer
            return answer
        raise CommandError("no answer", Exit.UNAVAILABLE)

    return cast("Stack", SimpleNamespace(ask=ask)), asked


def test_a_user_of_whom_nobody_said_that_they_are_made_is_left_behind_by_name() -> None:
    stack, asked = a_stack(CommandError("no answer", Exit.UNAVAILABLE))
    left: list[str] = []

    with pytest.raises(CommandError), people_of(stack, Api("http://127.0.0.1:1"), left=left) as people:
        people.somebody()

    assert left == asked


def test_a_user_who_was_refused_is_not_left_behind() -> None:
    stack, _ = a_stack(RefusedError("there is one of this name", status=409, error="conflict"))
    left: list[str] = []

    with pytest.raises(RefusedError), people_of(stack, Api("http://127.0.0.1:1"), left=left) as people:
        people.somebody()

    assert left == []


def test_a_user_who_could_not_be_deleted_is_left_behind_by_id() -> None:
    stack, _ = a_stack({"user_id": "usr_of_the_proof"})
    left: list[str] = []

    with people_of(stack, Api("http://127.0.0.1:1"), left=left) as people:
        people.somebody()

    assert left == ["usr_of_the_proof"]
