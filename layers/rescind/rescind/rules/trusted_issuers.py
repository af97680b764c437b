"""Which other issuers' tokens are exchanged here, and what they grant: `TrustedIssuers`, read strictly."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_ISSUER = 512
# As its tokens spell it (OpenID Connect Discovery 1.0 section 3: no query, no fragment). Without TLS on this
# very machine only, where it is tried.
_ISSUER = re.compile(
    r"(https://[A-Za-z0-9.-]+(:[0-9]{1,5})?|http://(127\.0\.0\.1|localhost):[0-9]{1,5})"
    r"(/[A-Za-z0-9._~%/-]*)?"
)
_DISCOVERY = "/.well-known/openid-configuration"
# What is a slip of the hand is no name: a comma for a semicolon, a grant without its arrow.
_AUDIENCE = re.compile(r"[^,=<>]+")
# RFC 6749 section 3.3. A claim's name may hold anything but the sign behind it.
_GRANT = re.compile(r"((?P<claim>[^=]+)=(?P<value>.+))?->(?P<scope>[\x21\x23-\x5b\x5d-\x7e]+)")


class TrustedIssuersError(Exception):
    """The text names no issuers; the message says which word is wrong, and how it should be."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A scope for whoever's token has this value in this claim; for everybody where no claim is named."""

    scope: str
    claim: str | None = None
    value: str | None = None

    def is_for(self, claims: Mapping[str, Any]) -> bool:
        if self.claim is None:
            return True
        held = claims.get(self.claim)
        if isinstance(held, str):
            # These two have names with a space between (RFC 8693 section 4.2); other text may be free text.
            held = held.split(" ") if self.claim in {"scope", "scp"} else [held]
        return isinstance(held, list) and self.value in held


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    issuer: str
    """The `iss` of its tokens, to the letter."""
    audiences: frozenset[str]
    """The audiences or client ids of which its tokens must have one."""
    grants: tuple[Grant, ...] = ()

    def scope_after(self, scope: str, claims: Mapping[str, Any]) -> str:
        """What a user of this scope is granted once a token with these claims has been shown.

        Of the scopes that the grants name the token decides. All others are the admin's, and stay.
        """
        named = {grant.scope for grant in self.grants}
        granted = {grant.scope for grant in self.grants if grant.is_for(claims)}
        kept = [each for each in scope.split() if each in granted or each not in named]
        return " ".join([*kept, *sorted(granted - set(kept))])


def trusted_issuers(text: str) -> Mapping[str, TrustedIssuer]:
    """By name those of `<issuer> <audience>... [<claim>=<value>-><scope>]... [-><scope>]...; <issuer> ...`.

    Raises:
        TrustedIssuersError: it is of another form.
    """
    issuers: dict[str, TrustedIssuer] = {}
    for words in (entry.split() for entry in text.split(";")):
        if not words:
            continue  # behind the last semicolon, or nothing at all
        issuer, *others = words
        if not is_issuer(issuer) or issuer.endswith(_DISCOVERY):
            raise TrustedIssuersError(f"{issuer!r} is no issuer such as https://id.example.com")
        if issuer in issuers:
            raise TrustedIssuersError(f"{issuer!r} comes twice")
        audiences = frozenset(word for word in others if "->" not in word)
        for word in audiences:
            if not _AUDIENCE.fullmatch(word):
                raise TrustedIssuersError(f"{word!r} is neither an audience nor <claim>=<value>-><scope>")
        if not audiences:
            raise TrustedIssuersError(f"behind {issuer!r} there is no audience and no client id")
        grants = tuple(_grant(word) for word in others if word not in audiences)
        issuers[issuer] = TrustedIssuer(issuer, audiences, grants)
    return issuers


def external_username(issuer: str, subject: str) -> str:
    """What leads to the user of another issuer, where a username leads to one of ours.

    A username has no space (RFC 8265 section 3.3), and an issuer has none: neither is taken for the other.
    """
    return f"{issuer} {subject}"


def is_external(username: str) -> bool:
    """Whether its user logs in at another issuer, and has no password here."""
    return " " in username


def is_issuer(value: str) -> bool:
    """Whether this may stand in `iss` (RFC 7519 section 4.1.1), of an issuer that could be trusted."""
    return len(value) <= LONGEST_ISSUER and _ISSUER.fullmatch(value) is not None


def _grant(word: str) -> Grant:
    parts = _GRANT.fullmatch(word)
    if parts is None:
        raise TrustedIssuersError(f"{word!r} is no grant: <claim>=<value>-><scope>, or -><scope>")
    return Grant(**parts.groupdict())
