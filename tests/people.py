"""People who can log in: each a user of their own, whom no other test knows."""

import secrets
from dataclasses import dataclass

from tests.tables import Stores
from tests.things import a_credential, a_user


@dataclass(frozen=True)
class Person:
    user_id: str
    username: str


def new_person(stores: Stores, *, password_hash: str) -> Person:
    user_id, username = f"usr_{secrets.token_urlsafe(15)}xA", f"ada-{secrets.token_hex(8)}"
    stores.accounts.create(
        a_user(user_id=user_id, username=username, logged_out_at=0),
        a_credential(user_id=user_id, username=username, password_hash=password_hash),
    )
    return Person(user_id, username)
