"""Who uses the service during a load, and the tokens of all of them, which everybody tries."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import jwt

from tests.load.model import AccessToken, End, Session

_KEPT = 2000


@dataclass(eq=False)
class Person:
    user_id: str
    username: str
    password: str
    tokens: list[AccessToken] = field(default_factory=list)

    def live(self) -> list[AccessToken]:
        self.tokens = [token for token in self.tokens if token.lives]
        return self.tokens

    def live_sessions(self) -> list[Session]:
        return list(dict.fromkeys(token.session for token in self.live()))


@dataclass
class Population:
    """Lists are only added to, and their ends looked at, which threads may do at once."""

    tokens: list[AccessToken] = field(default_factory=list)
    dead: list[AccessToken] = field(default_factory=list)

    def granted(self, person: Person, body: dict[str, Any], session: Session | None = None) -> AccessToken:
        """Keep what an answer handed out: the tokens of a new session, or the next ones of this."""
        if session is None:
            session = Session(person.user_id, body["session_id"], body["refresh_token"])
        elif session.refresh_token != body["refresh_token"]:
            session.used.append(session.refresh_token)
            session.refresh_token = body["refresh_token"]
        text = body["access_token"]
        token = AccessToken(text, session, _token_id(text), body["scope"])
        person.tokens.append(token)
        self.tokens.append(token)
        return token

    def buried(self, person: Person, ends: Iterable[End]) -> None:
        """Of the person's tokens, those with one of these ends are dead from now on."""
        ended = set(ends)
        self.dead.extend(token for token in person.tokens if ended.intersection(token.ends))

    def anybodys(self, dice: random.Random) -> AccessToken | None:
        return _one_of_the_last(self.tokens, dice)

    def one_dead(self, dice: random.Random) -> AccessToken | None:
        return _one_of_the_last(self.dead, dice)


def _one_of_the_last(tokens: list[AccessToken], dice: random.Random) -> AccessToken | None:
    many = len(tokens)
    return tokens[dice.randrange(max(0, many - _KEPT), many)] if many else None


def _token_id(access_token: str) -> str:
    return str(jwt.decode(access_token, options={"verify_signature": False})["jti"])
