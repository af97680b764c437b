"""Subject tokens (RFC 8693 section 2.1): does this ID or access token of another issuer open a session?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rescind.reasons import Reason
from rescind.rules.access_tokens import InvalidTokenError
from rescind.rules.issuer_tokens import AHEAD_SECONDS, IssuerKeys, IssuerToken, verify_issuer_token
from rescind.rules.trusted_issuers import TrustedIssuer

LONGEST_AGE_SECONDS = 600
USED_FOR_SECONDS = LONGEST_AGE_SECONDS + AHEAD_SECONDS + 120
"""From its `iat`, how long a used token is remembered: until it is too old by every host's clock."""

_TYPES = {"", "jwt", "at+jwt"}


class SubjectTokenType(StrEnum):
    """What the client says that it sends (RFC 8693 section 3); it need not say."""

    ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - a name of the standard's
    ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - as above
    JWT = "urn:ietf:params:oauth:token-type:jwt"


@dataclass(frozen=True, slots=True)
class SubjectToken:
    """A token that may open a session, once."""

    issuer: TrustedIssuer
    subject: str
    login: str | None
    """Its `sid`: the login at the issuer that it comes from (OpenID Connect Back-Channel Logout 1.0)."""
    issued_at: int
    digest: str
    claims: Mapping[str, Any] = field(repr=False)

    @property
    def remembered_until(self) -> int:
        return self.issued_at + USED_FOR_SECONDS


def verify_subject_token(
    text: str,
    *,
    token_type: SubjectTokenType,
    issuers: Mapping[str, TrustedIssuer],
    keys: IssuerKeys,
    now: int,
) -> SubjectToken:
    """What the token says, when it is a fresh one for us, of one of these issuers.

    Raises:
        InvalidTokenError: it is not.
        UnavailableError: the issuer's keys could not be read.
    """
    token = verify_issuer_token(text, issuers=issuers, keys=keys, now=now)
    # A logout token, or another security event, is signed by the same keys and proves no login. What is bound
    # to a key (RFC 7800) would be good here for whoever has it without that key.
    if token.type not in _TYPES or {"events", "cnf"} & token.claims.keys():
        raise InvalidTokenError(Reason.WRONG_CLAIMS)
    _check_kind(token, token_type)
    _check_audience(token)
    token.check_expiry(now=now)
    issued_at = token.issued_at(longest_seconds=LONGEST_AGE_SECONDS, now=now)
    subject = token.text("sub")
    if subject is None or _is_a_clients_own(token, subject):
        raise InvalidTokenError(Reason.WRONG_CLAIMS)
    return SubjectToken(token.issuer, subject, token.text("sid"), issued_at, token.digest, token.claims)


def _is_a_clients_own(token: IssuerToken, subject: str) -> bool:
    """Where a client got a token for itself, there is no user (RFC 9068 section 5).

    Auth0 says so in `gty`, and adds to the client's name; Entra in `idtyp`; Okta's clients are in `cid`.
    """
    claims = token.claims
    clients = [*token.issuer.audiences, *(claims.get(name) for name in ("client_id", "azp", "cid"))]
    is_its_own = subject in clients or subject.removesuffix("@clients") in clients
    return is_its_own or claims.get("gty") == "client-credentials" or claims.get("idtyp") == "app"


def _check_kind(token: IssuerToken, said: SubjectTokenType) -> None:
    """Cognito names the kind of its tokens in `token_use`, RFC 9068 in the header; others do not tell.

    Raises:
        InvalidTokenError: it is of another kind than the client says, or neither of the two.
    """
    use = token.claims.get("token_use")
    if use is None and token.type == "at+jwt":
        use = "access"
    allowed = {
        SubjectTokenType.ID_TOKEN: {"id", None},
        SubjectTokenType.ACCESS_TOKEN: {"access", None},
        SubjectTokenType.JWT: {"id", "access", None},
    }
    if not (use is None or isinstance(use, str)) or use not in allowed[said]:
        raise InvalidTokenError(Reason.WRONG_CLAIMS)


def _check_audience(token: IssuerToken) -> None:
    """It must have been issued for one of the audiences that its issuer is trusted for.

    Who holds a token for another API could otherwise open a session here with it (RFC 8725 section 3.9). An
    access token of Cognito has no `aud`: there the client counts that it was issued to.

    Raises:
        InvalidTokenError: it was not.
    """
    claims = token.claims
    # Whom it was issued to, if it says so (OpenID Connect Core 1.0 section 3.1.3.7, steps 4 and 5).
    is_our_clients = "azp" not in claims or claims["azp"] in [*token.issuer.audiences]
    if not (token.is_for(claims.get("client_id")) and is_our_clients):
        raise InvalidTokenError(Reason.WRONG_AUDIENCE)
