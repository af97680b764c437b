"""What a reader of the feed remembers: all that was revoked while a token of before it may still live.

It may be told things twice and in any order: what is known of a user, a session or a token only ever grows,
until it is as old as no token can be. Ids differ by their first letters, so one dict has them all.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import takewhile

from rescind.rules.revocations import (
    KEPT_SECONDS,
    Revocation,
    ScopeChanged,
    SessionEnded,
    TokenBlocked,
    TokensEnded,
    UserGone,
)

_FORGETS_EVERY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class KnownOfUser:
    is_gone: bool = False
    lowest_version: int = 0
    """Of the tokens that are still good."""
    scope: str | None = None
    """What is granted as of `revision`; None where no change was announced."""
    revision: int = 0


NOTHING = KnownOfUser()


class Remembered:
    def __init__(self) -> None:
        # When each was last announced, by the announcing host's clock: the oldest in front, give or take the
        # seconds by which those clocks differ.
        self._announced: dict[str, int] = {}
        self._users: dict[str, KnownOfUser] = {}
        self._forgot_at = 0

    def learn(self, announced: Iterable[tuple[int, Revocation]]) -> None:
        """Each with the second of the clock of who announced it."""
        for at, revocation in announced:
            match revocation:
                case TokenBlocked(jti=ended) | SessionEnded(session_id=ended):
                    self._keep(ended, at)
                case TokensEnded(user_id=user_id) | UserGone(user_id) | ScopeChanged(user_id=user_id):
                    self._keep(user_id, at)
                    self._users[user_id] = _with(self.of_user(user_id), revocation)

    def forget(self, *, now: int) -> None:
        """What concerns no token any more that could live; looked for once a minute."""
        if 0 <= now - self._forgot_at < _FORGETS_EVERY_SECONDS:
            return
        self._forgot_at = now
        until = now - KEPT_SECONDS
        for old in list(takewhile(lambda each: self._announced[each] < until, self._announced)):
            del self._announced[old]
            self._users.pop(old, None)

    def has_ended(self, token_or_session_id: str) -> bool:
        return token_or_session_id in self._announced

    def of_user(self, user_id: str) -> KnownOfUser:
        return self._users.get(user_id, NOTHING)

    def __len__(self) -> int:
        """Of how many users, sessions and tokens something is known."""
        return len(self._announced)

    def _keep(self, name: str, at: int) -> None:
        before = self._announced.get(name)
        if before is None or before < at:
            # To the end, where the young ones are.
            self._announced.pop(name, None)
            self._announced[name] = at


def _with(known: KnownOfUser, revocation: TokensEnded | UserGone | ScopeChanged) -> KnownOfUser:
    match revocation:
        case TokensEnded(token_version=version):
            return replace(known, lowest_version=max(known.lowest_version, version))
        case UserGone():
            return replace(known, is_gone=True)
        case ScopeChanged(scope=scope, revision=revision):
            if known.scope is not None and revision < known.revision:
                return known
            return replace(known, scope=scope, revision=revision)
