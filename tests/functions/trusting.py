"""A stack on moto that trusts another issuer, made up; and what a test asks of the two."""

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from rescind import wiring
from rescind.model import User
from rescind.rules.trusted_issuers import external_username
from tests import requests
from tests.functions.conftest import Answer, Stack
from tests.issuers import ISSUER, SUBJECT, Issuer, given_for
from tests.requests import Call

_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Trusting:
    stack: Stack
    process: pytest.MonkeyPatch
    issuer: Issuer = field(default_factory=Issuer)

    def trust(self, *, grants: str = "", provision: bool = True) -> None:
        """From here on."""
        for name, thing in given_for(self.issuer, grants=grants, provision=provision).items():
            self.process.setattr(wiring, name, lambda thing=thing: thing)

    def token(self, *, age: int = 1, **claims: Any) -> str:
        """One that nobody has used. A second old: in that of a logout it would be refused."""
        return self.issuer.id_token(now=int(time.time()) - age, **{"jti": f"one-{next(_NUMBERS)}", **claims})

    def ask(self, call: Call) -> Answer:
        return self.stack.answer(call.function, call.event)

    def exchange(self, token: str | None = None, **claims: Any) -> Answer:
        return self.ask(requests.exchange(token or self.token(**claims)))

    def tokens(self, **claims: Any) -> Mapping[str, Any]:
        """Of an exchange that is granted."""
        answer = self.exchange(**claims)
        assert answer.status == 200, answer
        body: Mapping[str, Any] = answer.body
        return body

    def log_out(self, *, age: int = 0, **claims: Any) -> Answer:
        """What the issuer says when its user has logged out there."""
        return self.ask(
            requests.log_out_at_issuer(self.issuer.logout_token(now=int(time.time()) - age, **claims))
        )

    def receive(self, event: str = "session-revoked", *, age: int = 0, **claims: Any) -> Answer:
        return self.ask(
            requests.receive_event(self.issuer.security_event(event, now=int(time.time()) - age, **claims))
        )

    def user(self, subject: str = SUBJECT) -> User | None:
        link = self.stack.stores.credentials.read(external_username(ISSUER, subject))
        return self.stack.stores.users.read(link.user_id) if link else None

    def user_id(self, subject: str = SUBJECT) -> str:
        user = self.user(subject)
        assert user is not None
        return user.user_id

    def lives(self, tokens: Mapping[str, Any]) -> bool:
        """By its refresh token, which is used up by it."""
        return self.ask(requests.refresh(tokens["refresh_token"])).status == 200
