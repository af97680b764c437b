"""Token exchange (RFC 8693): another issuer's token tells who its user is, and opens a session, once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rescind.flows.accounts import change_user, create_external_user, find_user
from rescind.flows.issue import Refused, Tokens
from rescind.flows.open_session import open_session
from rescind.flows.stores import Accounts, Credentials, Logins, Sessions, SigningKeys, Users
from rescind.model import Client, LoginEnded, Lost, NewIds, Session, Status, TokenUsed, User, Written
from rescind.reasons import Reason
from rescind.rules.access_tokens import InvalidTokenError
from rescind.rules.issuer_tokens import IssuerKeys
from rescind.rules.subject_tokens import SubjectToken, SubjectTokenType, verify_subject_token
from rescind.rules.trusted_issuers import TrustedIssuer, external_username
from rescind.settings import Settings


@dataclass(frozen=True, slots=True)
class Identified:
    """Who the token says that it is; they may have a session for it."""

    user: User
    token: SubjectToken
    is_new: bool
    """Whether the user has been made for it."""
    is_changed: bool
    """Whether the user has another scope by it."""


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
    """Verify, find the user or make one, grant what the token grants.

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
    user, is_new = find_user(_username(token), credentials=credentials, users=users), False
    if user is None and not provision:
        return Refused(Reason.USER_UNKNOWN)
    if user is None or _with_grants(user, token) != user:
        # `exchange` asks this too, and for good. But a token that is refused is to leave nothing behind: a
        # used one would bring back a user who has been deleted since, or a scope that was taken away.
        unfit = logins.refusal(token)
        if unfit:
            return Refused(_reason(unfit), user.user_id if user else None)
    if user is None:
        user, is_new = _provision(token, credentials, users, accounts, user_id)
    if user is None:
        return Refused(Reason.USER_UNKNOWN)
    refused = _refusal(user, token)
    if refused:
        return Refused(refused, user.user_id)
    granted = _granted(user, token, users)
    if granted is None:
        return Refused(Reason.USER_UNKNOWN)
    return Identified(granted, token, is_new, is_changed=granted != user)


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
    """Open a session, unless the token has opened one, or its login has ended meanwhile.

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
            be sent again, unless its session was written after all, and that could not be looked up; or
            more were opened at once than there may be.
    """

    def write(session: Session) -> Written | Lost[Session] | Refused:
        match logins.open(session, identified.token):
            case (TokenUsed() | LoginEnded()) as unfit:
                return Refused(_reason(unfit), session.user_id)
            case (Written() | Lost()) as written:
                return written

    return open_session(
        identified.user,
        write=write,
        repeatable=False,  # The token is used.
        sessions=sessions,
        keys=keys,
        settings=settings,
        client=client,
        ids=ids,
        now_ms=now_ms,
    )


def _username(token: SubjectToken) -> str:
    """Of a user who is known by issuer and `sub`, theirs for ever; by no e-mail, which may be another's."""
    return external_username(token.issuer.issuer, token.subject)


def _reason(unfit: TokenUsed | LoginEnded) -> Reason:
    return Reason.REPLAYED if isinstance(unfit, TokenUsed) else Reason.LOGGED_OUT


def _provision(
    token: SubjectToken, credentials: Credentials, users: Users, accounts: Accounts, user_id: str
) -> tuple[User | None, bool]:
    made = create_external_user(
        token.issuer.issuer,
        token.subject,
        scope=token.issuer.scope_after("", token.claims),
        claims="{}",
        accounts=accounts,
        user_id=user_id,
    )
    if made is not None:
        return made, True
    # Another request was faster.
    return find_user(_username(token), credentials=credentials, users=users), False


def _refusal(user: User, token: SubjectToken) -> Reason | None:
    if user.status is not Status.ACTIVE:
        return Reason.USER_DISABLED
    # What was issued until then may be what the user was revoked for. In the same second it cannot be told.
    if token.issued_at <= user.logged_out_at:
        return Reason.LOGGED_OUT
    return None


def _with_grants(user: User, token: SubjectToken) -> User:
    return replace(user, scope=token.issuer.scope_after(user.scope, token.claims))


def _granted(user: User, token: SubjectToken, users: Users) -> User | None:
    """The user, of the scope that the token leaves them; None where there is no such user any more."""
    if _with_grants(user, token) == user:
        return user
    changed = change_user(user.user_id, lambda row: _with_grants(row, token), users=users)
    # The lineage is that of the user who was looked at: what has been revoked since ends this login, too.
    return changed and replace(changed, token_version=user.token_version, logged_out_at=user.logged_out_at)
