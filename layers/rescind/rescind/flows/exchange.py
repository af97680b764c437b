"""Token exchange (RFC 8693): another issuer's token tells who its user is, and opens a session, once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rescind.flows.accounts import create_external_user, find_user
from rescind.flows.issue import Refused, Tokens
from rescind.flows.logins import Logins
from rescind.flows.open_session import leave_nothing, open_session
from rescind.flows.stores import Accounts, Credentials, Sessions, SigningKeys, Users
from rescind.model import Client, LoginEnded, NewIds, Session, Status, TokenUsed, User, Written
from rescind.reasons import Reason
from rescind.rules.access_tokens import InvalidTokenError
from rescind.rules.issuer_tokens import IssuerKeys
from rescind.rules.subject_tokens import SubjectToken, SubjectTokenType, verify_subject_token
from rescind.rules.trusted_issuers import TrustedIssuer, external_username
from rescind.settings import Settings
from rescind.unavailable import UnavailableError


@dataclass(frozen=True, slots=True)
class Identified:
    """Who the token says that it is; they may have a session for it."""

    user: User
    """As read."""
    token: SubjectToken
    is_new: bool
    """Whether the user has been made for it."""

    @property
    def as_granted(self) -> User:
        """As the token leaves them. One that is older than the last has nothing to say of scopes any more."""
        user, token = self.user, self.token
        if not token.issuer.grants or token.issued_at < user.granted_at:
            return user
        scope = token.issuer.scope_after(user.scope, token.claims)
        if (scope, token.issued_at) == (user.scope, user.granted_at):
            return user
        return replace(user, scope=scope, granted_at=token.issued_at, revision=user.revision + 1)


def identify(
    text: str,
    *,
    token_type: SubjectTokenType,
    issuers: Mapping[str, TrustedIssuer],
    provision: bool,
    issuer_keys: IssuerKeys,
    credentials: Credentials,
    users: Users,
    accounts: Accounts,
    logins: Logins,
    user_id: str,
    now: int,
) -> Identified | Refused:
    """Verify, find the user, or make one.

    Args:
        text: the subject token.
        token_type: what the client says that it is.
        issuers: whose tokens are exchanged, by name.
        provision: whether a user who has never been here is made.
        issuer_keys: the keys of those issuers.
        credentials: where (issuer, sub) leads to a user.
        users: where the user is.
        accounts: where a new user goes.
        logins: where it stands which tokens are used and which logins have ended.
        user_id: of the user, if one is made.
        now: epoch seconds at the start of this request.

    Raises:
        UnavailableError: something could not be read or written. The token can be sent again.
    """
    try:
        token = verify_subject_token(text, token_type=token_type, issuers=issuers, keys=issuer_keys, now=now)
    except InvalidTokenError as error:
        return Refused(error.reason)
    # Before anything is written: what is refused here leaves nothing behind, no user and no scope.
    over = logins.refusal(token)
    user, is_new = find_user(_username(token), credentials=credentials, users=users), False
    if over is not None:
        reason = Reason.REPLAYED if isinstance(over, TokenUsed) else Reason.LOGGED_OUT
        return Refused(reason, user.user_id if user else None)
    if user is None and provision:
        user, is_new = _provision(token, credentials, users, accounts, user_id)
    if user is None:
        return Refused(Reason.USER_UNKNOWN)
    if user.status is not Status.ACTIVE:
        return Refused(Reason.USER_DISABLED, user.user_id)
    # What was issued until then may be what the user was revoked for. In the same second it cannot be told.
    if token.issued_at <= user.logged_out_at:
        return Refused(Reason.LOGGED_OUT, user.user_id)
    return Identified(user, token, is_new)


def exchange(
    identified: Identified,
    *,
    logins: Logins,
    sessions: Sessions,
    keys: SigningKeys,
    settings: Settings,
    client: Client,
    ids: NewIds,
    now_ms: int,
) -> Tokens | Refused:
    """Open a session and grant what the token grants, unless it has been used, or its login has ended.

    Args:
        identified: who has just been identified, by which token.
        logins: where it stands which tokens are used and which logins have ended.
        sessions: where the new session goes.
        keys: the keys to sign with.
        settings: lifetimes, names and limits.
        client: what the session remembers of it.
        ids: of the new session and token, and of this request.
        now_ms: epoch milliseconds at the start of this request.

    Raises:
        UnavailableError: something could not be read, opened or written; nothing is handed out. The token can
            be sent again, unless its session was written before that.
    """
    granted, token = identified.as_granted, identified.token

    def write(session: Session) -> Written | Refused:
        changed = None if granted == identified.user else granted
        match logins.open(session, token, granted=changed, now=now_ms // 1000):
            case TokenUsed():
                return Refused(Reason.REPLAYED, session.user_id)
            case Written() as written:
                return written

    outcome = open_session(
        granted,
        write=write,
        sessions=sessions,
        keys=keys,
        settings=settings,
        client=client,
        ids=ids,
        now_ms=now_ms,
    )
    if isinstance(outcome, Tokens) and _has_ended(
        identified, ids.session_id, logins, sessions, now_ms // 1000
    ):
        return Refused(Reason.LOGGED_OUT, granted.user_id, ids.session_id)
    return outcome


def _has_ended(identified: Identified, session_id: str, logins: Logins, sessions: Sessions, now: int) -> bool:
    """Whether the login has ended while its session was opened, which has then been ended, too.

    A logout first writes that, and then looks for sessions: whichever of the two comes second sees the other.
    """
    user_id = identified.user.user_id
    try:
        ended = isinstance(logins.refusal(identified.token), LoginEnded)
        if ended:
            sessions.end(user_id, session_id, now=now)
    except UnavailableError:
        leave_nothing(user_id, session_id, sessions=sessions, now=now)
        raise
    return ended


def _username(token: SubjectToken) -> str:
    """Of a user who is known by issuer and `sub`, theirs for ever; by no e-mail, which may be another's."""
    return external_username(token.issuer.issuer, token.subject)


def _provision(
    token: SubjectToken, credentials: Credentials, users: Users, accounts: Accounts, user_id: str
) -> tuple[User | None, bool]:
    """The user, and whether this request has made them. Scopes come with the first session."""
    made = create_external_user(
        token.issuer.issuer, token.subject, scope="", claims="{}", accounts=accounts, user_id=user_id
    )
    if made is not None:
        return made, True
    # Another request was faster.
    return find_user(_username(token), credentials=credentials, users=users), False
