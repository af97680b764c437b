"""What exchange and backchannel need of the store; not in `stores.py`, which the authorizer loads, too."""

from typing import Protocol

from rescind.model import LoginEnded, Session, TokenUsed, User, Written
from rescind.rules.subject_tokens import SubjectToken


class Logins(Protocol):
    def refusal(self, token: SubjectToken) -> TokenUsed | LoginEnded | None: ...

    def open(
        self, session: Session, token: SubjectToken, *, granted: User | None, now: int
    ) -> Written | TokenUsed: ...

    def end(self, key: str, *, at: int) -> None: ...

    def sessions_of(self, key: str, *, until: int) -> list[tuple[str, str]]: ...
