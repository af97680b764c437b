"""What clients may be told of their tokens: which live, which are being ended, since when they are dead."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Finding(StrEnum):
    """What an answer must never be."""

    WRONG = "wrong answer"
    LOST = "lost revocation"


@dataclass(eq=False)
class End:
    """How far it is with the end of a token or a session."""

    begun: bool = False
    """Somebody has asked for it, so a refusal is no surprise."""
    effective_by: float = math.inf
    """As the answer said: what begins then or later must be refused."""


@dataclass(eq=False)
class Session:
    user_id: str
    session_id: str
    refresh_token: str
    used: list[str] = field(default_factory=list)
    """Refresh tokens of before, the oldest first."""
    end: End = field(default_factory=End)


@dataclass(eq=False)
class AccessToken:
    text: str
    session: Session
    token_id: str
    scope: str
    end: End = field(default_factory=End)

    @property
    def ends(self) -> tuple[End, End]:
        return self.end, self.session.end

    @property
    def lives(self) -> bool:
        return not any(end.begun for end in self.ends)

    def caller(self) -> dict[str, str]:
        """What /auth/me says to its holder."""
        return {
            "user_id": self.session.user_id,
            "session_id": self.session.session_id,
            "token_id": self.token_id,
            "scope": self.scope,
        }


def begin(ends: Iterable[End]) -> None:
    """Say so before it is asked for: from now on others may be refused."""
    for end in ends:
        end.begun = True


def settle(ends: Iterable[End], effective_by: float) -> None:
    """It was answered that these have ended."""
    for end in ends:
        end.effective_by = min(end.effective_by, effective_by)


def judge(status: int, ends: Iterable[End], *, began: float, faulty: bool) -> Finding | None:
    """What is wrong with the answer to whoever showed a token that these ends are of; None if nothing is.

    Args:
        status: of the answer.
        ends: of the token; looked at after the answer has come.
        began: when the request did, in epoch seconds.
        faulty: whether faults can explain that nothing was decided.
    """
    ends = tuple(ends)
    match status:
        case 200:
            dead = began >= min(end.effective_by for end in ends)
            return Finding.LOST if dead else None
        case 401:
            return None if any(end.begun for end in ends) else Finding.WRONG
        case 503:
            return None if faulty else Finding.WRONG
        case _:
            return Finding.WRONG
