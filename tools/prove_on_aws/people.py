"""Users that are made for the proof by the admin function, and deleted at its end; no others are touched."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from prove_on_aws.api import Api
from rescind_cli.errors import CommandError, RefusedError
from rescind_cli.stack import Stack


@dataclass(frozen=True)
class Somebody:
    user_id: str
    username: str
    password: str


@dataclass
class People:
    stack: Stack
    api: Api
    made: list[Somebody]
    left: list[str]
    """Who could not be deleted, by id; and who may be there though nobody said so, by name."""

    def somebody(self) -> Somebody:
        """A new user.

        Raises:
            CommandError: the admin function could not be asked, or has refused.
        """
        username, password = f"prove-{secrets.token_hex(8)}", secrets.token_urlsafe(24)
        self.api.secrets.add(password)
        try:
            created = self.stack.ask("createUser", repeat=False, username=username, password=password)
        except RefusedError:
            raise
        except CommandError:
            self.left.append(username)  # It may be there.
            raise
        self.made.append(Somebody(created["user_id"], username, password))
        return self.made[-1]

    def delete_all(self) -> None:
        for each in self.made:
            try:
                with suppress(RefusedError):  # It is not there any more.
                    self.stack.ask("deleteUser", user_id=each.user_id)
            except CommandError:
                self.left.append(each.user_id)


@contextmanager
def people_of(stack: Stack, api: Api, *, left: list[str]) -> Iterator[People]:
    people = People(stack, api, [], left)
    try:
        yield people
    finally:
        people.delete_all()
