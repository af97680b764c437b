"""Refresh: read, decide, sign, write, answer. Nothing is handed out unless the write holds."""

from dataclasses import dataclass

from rescind.flows.authenticate import authentic_refresh_token
from rescind.flows.issue import Refused, Tokens, issue_tokens
from rescind.flows.stores import Sessions, SigningKeys, States
from rescind.model import Lost, Session, User, Written
from rescind.reasons import Reason
from rescind.rules.access_tokens import InvalidTokenError
from rescind.rules.refresh_tokens import RefreshToken
from rescind.rules.sessions import EndSession, Refuse, Replay, Rotate, TryAgain, decide_refresh
from rescind.settings import Settings
from rescind.unavailable import UnavailableError


@dataclass(frozen=True, slots=True)
class Rotated:
    """The session advanced: these are its new tokens."""

    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Replayed:
    """The session had advanced already: the same refresh token again, and a fresh access token."""

    tokens: Tokens


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The presented token ended its session (RFC 9700 section 4.14.2)."""

    reason: Reason
    user_id: str
    session_id: str


def refresh(
    text: str,
    *,
    states: States,
    sessions: Sessions,
    keys: SigningKeys,
    settings: Settings,
    token_id: str,
    attempt: str,
    now: int,
) -> Rotated | Replayed | SessionEnded | Refused:
    """Trade a refresh token for its successor and a new access token (RFC 6749 section 6).

    Raises:
        UnavailableError: something could not be read, opened or written; nothing is handed out, and a
            retry with the same token within the grace is safe.
    """
    try:
        token = authentic_refresh_token(text, keys=keys, now=now)
    except InvalidTokenError as error:
        return Refused(error.reason)
    return _Refresh(states, sessions, keys, settings, token, token_id, attempt, now).run()


@dataclass(frozen=True, slots=True)
class _Refresh:
    """One request: what it was given, so that its steps need not hand it on."""

    states: States
    sessions: Sessions
    keys: SigningKeys
    settings: Settings
    token: RefreshToken
    token_id: str
    attempt: str
    now: int

    def run(self) -> Rotated | Replayed | SessionEnded | Refused:
        user, session = self.states.of_session(self.token.user_id, self.token.session_id)
        match self._decide(user, session):
            case Rotate(user, session):
                return self._rotate(user, session)
            case decision:
                return self._settle(decision)

    def _rotate(self, user: User, session: Session) -> Rotated | Replayed | SessionEnded | Refused:
        idle_expires_at = min(self.now + self.settings.refresh_idle_seconds, session.absolute_expires_at)
        # Signed before the write: a key that fails must leave the presented token good.
        tokens = self._issue(user, session, rotated_at=self.now, idle_expires_at=idle_expires_at)
        try:
            written = self.sessions.advance(
                session, now=self.now, idle_expires_at=idle_expires_at, attempt=self.attempt
            )
        except UnavailableError:
            # The write may have taken effect, its answer lost: only the row can tell.
            row = self.sessions.read(session.user_id, session.session_id)
            if row is None or row.attempt != self.attempt:
                raise
            return self._settle(self._decide(user, row))
        match written:
            case Written():
                return Rotated(tokens)
            case Lost(row, repeated):
                return self._settle(self._decide(user, row, repeated=repeated))

    def _settle(
        self, decision: Rotate | Replay | EndSession | Refuse | TryAgain
    ) -> Replayed | SessionEnded | Refused:
        """Act on a decision that does not advance the session."""
        match decision:
            case Replay(user, session):
                return Replayed(
                    self._issue(
                        user,
                        session,
                        rotated_at=session.rotated_at,
                        idle_expires_at=session.idle_expires_at,
                    )
                )
            case EndSession(reason, session):
                self.sessions.end(session.user_id, session.session_id, now=self.now)
                return SessionEnded(reason, session.user_id, session.session_id)
            case Refuse(reason):
                return Refused(reason, self.token.user_id, self.token.session_id)
            case Rotate() | TryAgain():
                raise UnavailableError("the session is being refreshed by another request")

    def _decide(
        self, user: User | None, session: Session | None, *, repeated: bool = False
    ) -> Rotate | Replay | EndSession | Refuse | TryAgain:
        return decide_refresh(
            user,
            session,
            presented=self.token.counter,
            attempt=self.attempt,
            grace_seconds=self.settings.refresh_grace_seconds,
            now=self.now,
            repeated=repeated,
        )

    def _issue(self, user: User, session: Session, *, rotated_at: int, idle_expires_at: int) -> Tokens:
        return issue_tokens(
            user,
            session,
            counter=self.token.counter + 1,
            rotated_at=rotated_at,
            idle_expires_at=idle_expires_at,
            keys=self.keys,
            settings=self.settings,
            token_id=self.token_id,
            now=self.now,
        )
