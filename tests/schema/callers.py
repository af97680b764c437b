"""Accounts for calls that a machine makes up, which may end any token: when one is dead there is another.

And what another issuer says of its own users, each time something that has not been said before.
"""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import schemathesis

from tests.issuers import Issuer
from tests.things import PASSWORD

Case = schemathesis.Case[Any]
Caller = Callable[[Case], dict[str, str]]  # the headers with which it makes this call


def operation_of(case: Case) -> str:
    """Its operationId."""
    return str(case.operation.definition.raw["operationId"])


def scopes_of(case: Case) -> set[str]:
    """The scopes that it needs."""
    ways = case.operation.definition.raw.get("security", [])
    return {scope for way in ways for scopes in way.values() for scope in scopes}


@dataclass(frozen=True)
class Account:
    """A user with one session; and the issuer whose users are known here, too."""

    username: str
    user_id: str
    tokens: Mapping[str, Any]  # the answer to the login
    issuer: Issuer

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}

    def names(self) -> dict[str, str]:
        """What a call may name of this user, under the names that the contract gives it."""
        return {
            "username": self.username,
            "password": PASSWORD,
            "current_password": PASSWORD,
            "user_id": self.user_id,
            "session_id": self.tokens["session_id"],
            "token": self.tokens["access_token"],
            "refresh_token": self.tokens["refresh_token"],
            "issuer": self.issuer.name,
            **self._said_by_the_issuer(),
        }

    def _said_by_the_issuer(self) -> dict[str, str]:
        now, subject = int(time.time()), f"made-{secrets.token_hex(8)}"
        return {
            "subject": subject,
            "subject_token": self.issuer.id_token(now=now, sub=subject),
            "logout_token": self.issuer.logout_token(now=now, sub=subject),
        }

    def event(self) -> str:
        """A security event about somebody."""
        return self.issuer.security_event(now=int(time.time()))


class Callers:
    """A user and an admin. The seeded admin makes them, and no other call has that one's token."""

    def __init__(self, http: httpx.Client, issuer: Issuer) -> None:
        self._http = http
        self._issuer = issuer
        self._turns: Counter[str] = Counter()
        self._maker: dict[str, str] = {}
        self._maker = {"Authorization": f"Bearer {self._log_in('admin')['access_token']}"}
        self._user: Account | None = None
        self.admin = self._new("admin introspect")

    @property
    def user(self) -> Account:
        """A live one, of whom nothing has ended yet."""
        self._user = self._user or self._new("")
        return self._user

    def nobody(self, _case: Case) -> dict[str, str]:
        return {}

    def a_user(self, _case: Case) -> dict[str, str]:
        return self.user.bearer

    def who_may(self, case: Case) -> dict[str, str]:
        return (self.admin if scopes_of(case) else self.user).bearer

    def is_turn_of_the_living(self, operation: str) -> bool:
        """Of three calls two name a user who is there, from the first on: one made up names nobody."""
        self._turns[operation] += 1
        return self._turns[operation] % 3 != 0

    def see(self, case: Case, status: int) -> None:
        """Note that a call may have ended something of the user: the next to ask for one gets another."""
        if status < 300 and case.method != "GET":
            # Even a login may end the user's oldest session, and a refresh uses a token up.
            self._user = None

    def _new(self, scope: str) -> Account:
        username = f"made-{secrets.token_hex(8)}"
        made = self._post("/admin/users", {"username": username, "password": PASSWORD, "scope": scope})
        return Account(username, made["user_id"], self._log_in(username), self._issuer)

    def _log_in(self, username: str) -> dict[str, Any]:
        return self._post("/auth/login", {"username": username, "password": PASSWORD})

    def _post(self, path: str, body: Mapping[str, str]) -> dict[str, Any]:
        answer = self._http.post(path, json=body, headers=self._maker)
        answer.raise_for_status()
        made: dict[str, Any] = answer.json()
        return made
