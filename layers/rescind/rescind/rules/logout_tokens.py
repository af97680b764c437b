"""What another issuer tells of a login that has ended: logout tokens, and security events of CAEP.

Both are security event tokens (RFC 8417). Each names a user of the issuer, a login (`sid`), or both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rescind.reasons import Reason
from rescind.rules.access_tokens import InvalidTokenError
from rescind.rules.issuer_tokens import (
    AHEAD_SECONDS,
    IssuerKeys,
    IssuerToken,
    digest_of,
    identifier_text,
    verify_issuer_token,
)
from rescind.rules.subject_tokens import LONGEST_AGE_SECONDS, SubjectToken
from rescind.rules.trusted_issuers import TrustedIssuer

_BACKCHANNEL_LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
_CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
_SESSION_REVOKED, _CREDENTIAL_CHANGE = f"{_CAEP}session-revoked", f"{_CAEP}credential-change"
EVENT_AGE_SECONDS = 86_400
"""The oldest event that is listened to: so long may its sender have tried."""
ENDED_FOR_SECONDS = LONGEST_AGE_SECONDS + AHEAD_SECONDS + 120
"""How long an ended login is remembered: until the tokens of before are too old to open a session."""


@dataclass(frozen=True, slots=True)
class EndedLogin:
    """A login at another issuer that has ended; all of the user's, where it is not said which."""

    issuer: str
    subject: str | None
    login: str | None
    issued_at: int
    """By the issuer's clock, as is the `iat` of a subject token."""

    @property
    def keys(self) -> list[str]:
        """Of the rows that keep its tokens from opening a session.

        Tokens that name no login may come from any of the user's, so they go with each.
        """
        kinds = {"login": self.login} if self.login else {}
        if self.subject:
            kinds["no login" if self.login else "user"] = self.subject
        return [_key(self.issuer, kind, name) for kind, name in kinds.items()]


def keys_of(token: SubjectToken) -> tuple[str, str]:
    """Of the rows that keep this token from opening a session: of its login, and of all of the user's."""
    issuer = token.issuer.issuer
    of_login = ("no login", token.subject) if token.login is None else ("login", token.login)
    return _key(issuer, *of_login), _key(issuer, "user", token.subject)


def verify_logout_token(
    text: str, *, issuers: Mapping[str, TrustedIssuer], keys: IssuerKeys, now: int
) -> EndedLogin:
    """What a logout token ends (OpenID Connect Back-Channel Logout 1.0 section 2.6).

    Raises:
        InvalidTokenError: it is none for us, of one of these issuers.
        UnavailableError: the issuer's keys could not be read.
    """
    token = verify_issuer_token(text, issuers=issuers, keys=keys, now=now)
    is_logout = _BACKCHANNEL_LOGOUT in _events(token) and token.type in {"", "jwt", "logout+jwt"}
    # A nonce is what an ID token has: it is forbidden here, so that neither is taken for the other.
    if not is_logout or "nonce" in token.claims:
        raise InvalidTokenError(Reason.WRONG_CLAIMS)
    token.check_expiry(now=now)
    return _ended(token, token.text("sub"), token.text("sid"), longest_seconds=LONGEST_AGE_SECONDS, now=now)


def verify_security_event(
    text: str, *, issuers: Mapping[str, TrustedIssuer], keys: IssuerKeys, now: int
) -> EndedLogin | None:
    """What a security event token ends (CAEP 1.0); None where it tells of something else.

    It has no expiry (RFC 8417 section 2.2), and its sender may try for long.

    Raises:
        InvalidTokenError: it is none for us, of one of these issuers; or names nobody whom we could know.
        UnavailableError: the issuer's keys could not be read.
    """
    token = verify_issuer_token(text, issuers=issuers, keys=keys, now=now)
    events = _events(token)
    if token.type != "secevent+jwt" or _BACKCHANNEL_LOGOUT in events:
        raise InvalidTokenError(Reason.WRONG_CLAIMS)
    for name in (_CREDENTIAL_CHANGE, _SESSION_REVOKED):
        if name in events:
            subject, login = _who(token, events[name])
            # Where a credential has changed, every login may be somebody else's.
            named = login if name == _SESSION_REVOKED else None
            return _ended(token, subject, named, longest_seconds=EVENT_AGE_SECONDS, now=now)
    _check_for_us(token)
    return None


def _ended(
    token: IssuerToken, subject: str | None, login: str | None, *, longest_seconds: int, now: int
) -> EndedLogin:
    _check_for_us(token)
    issued_at = token.issued_at(longest_seconds=longest_seconds, now=now)
    if token.text("jti") is None or (subject is None and login is None):
        raise InvalidTokenError(Reason.WRONG_CLAIMS)
    return EndedLogin(token.issuer.issuer, subject, login, issued_at)


def _check_for_us(token: IssuerToken) -> None:
    if not token.is_for():
        raise InvalidTokenError(Reason.WRONG_AUDIENCE)


def _events(token: IssuerToken) -> Mapping[str, Any]:
    events = token.claims.get("events")
    if not isinstance(events, dict) or not all(isinstance(each, dict) for each in events.values()):
        raise InvalidTokenError(Reason.WRONG_CLAIMS)
    return events


def _who(token: IssuerToken, event: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The user and the login (RFC 9493; drafts of before have the identifier inside the event)."""
    identifier = token.claims.get("sub_id", event.get("subject"))
    parts = identifier if isinstance(identifier, dict) else {}
    if parts.get("format") != "complex":
        parts = {"user": identifier}
    return _subject(token, parts.get("user")), _login(parts.get("session"))


def _subject(token: IssuerToken, identifier: object) -> str | None:
    match identifier:
        case {"format": "iss_sub", "iss": issuer, "sub": str(subject)} if issuer == token.issuer.issuer:
            return identifier_text(subject)
        case _:
            return None  # By e-mail, say: users are not matched by it.


def _login(identifier: object) -> str | None:
    match identifier:
        case {"format": "opaque", "id": str(login)}:
            return identifier_text(login)
        case _:
            return None


def _key(issuer: str, kind: str, name: str) -> str:
    return f"login_{digest_of(issuer, kind, name)}"
