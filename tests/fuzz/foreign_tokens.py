"""Signs anything at all as another issuer, and says what a naive reader of the contract would accept of it.

Nothing here comes from the modules that verify but the shapes that they take: a defect there must not hide by
being in here, too.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from rescind.rules.access_tokens import SigningKey
from rescind.rules.provider_keys import ProviderKey
from rescind.rules.subject_tokens import SubjectToken
from rescind.rules.trusted_issuers import TrustedIssuer
from tests.fuzz.forger import PUBLIC_KEY, compact, decoded, encoded, with_signature
from tests.issuers import BACKCHANNEL_LOGOUT, CAEP, CLIENT, ISSUER, LOGIN, SUBJECT
from tests.things import NOW, SIGNING_KEY

API = "https://api.example.com"
OTHER_ISSUER = "https://other.example.com/"
OTHER_CLIENT = "client-of-the-other"
OTHER_KEY = SigningKey("kid-of-the-other", ec.derive_private_key(4712, ec.SECP256R1()))

TRUSTED = {
    ISSUER: TrustedIssuer(ISSUER, frozenset({CLIENT, API})),
    OTHER_ISSUER: TrustedIssuer(OTHER_ISSUER, frozenset({OTHER_CLIENT})),
}
ID_TOKEN: Mapping[str, Any] = {
    "iss": ISSUER,
    "aud": CLIENT,
    "sub": SUBJECT,
    "sid": LOGIN,
    "iat": NOW - 100,
    "exp": NOW + 3500,
}
LOGOUT_TOKEN: Mapping[str, Any] = {
    **ID_TOKEN,
    "jti": "jti-of-the-logout",
    "events": {BACKCHANNEL_LOGOUT: {}},
}
SESSION_REVOKED, CREDENTIAL_CHANGE = f"{CAEP}session-revoked", f"{CAEP}credential-change"
WHO: Mapping[str, Any] = {"format": "iss_sub", "iss": ISSUER, "sub": SUBJECT}
LOGIN_ALONE: Mapping[str, Any] = {"format": "complex", "session": {"format": "opaque", "id": LOGIN}}
SECURITY_EVENT: Mapping[str, Any] = {
    "iss": ISSUER,
    "aud": CLIENT,
    "iat": NOW - 100,
    "jti": "jti-of-the-event",
    "sub_id": WHO,
    "events": {SESSION_REVOKED: {"event_timestamp": NOW - 100}},
}


class KnownKeys:
    """Each issuer's keys, in memory; what was asked for is there to be looked at."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self._keys = {
            (ISSUER, SIGNING_KEY.kid): SIGNING_KEY.private_key.public_key(),
            (OTHER_ISSUER, OTHER_KEY.kid): OTHER_KEY.private_key.public_key(),
        }

    def key_of(self, issuer: str, kid: str, *, now: int) -> ProviderKey | None:
        assert now == NOW
        self.asked.append((issuer, kid))
        key = self._keys.get((issuer, kid))
        return None if key is None else ProviderKey(key, ("ES256",))


def header(**changes: Any) -> dict[str, Any]:
    return _changed({"alg": "ES256", "kid": SIGNING_KEY.kid, "typ": "JWT"}, changes)


def signed(claims: object = None, head: object = None, *, key: SigningKey = SIGNING_KEY) -> str:
    """A token of these parts, each a value, JSON text or bytes, with nothing else wrong with it."""
    return with_signature(f"{_part(header() if head is None else head)}.{_part(claims)}", key)


def id_token(**changes: Any) -> str:
    """Good, but for what is changed; a claim that is `...` is left out."""
    return signed(_changed(ID_TOKEN, changes))


def logout_token(**changes: Any) -> str:
    return signed(_changed(LOGOUT_TOKEN, changes), header(typ="logout+jwt"))


def security_event(**changes: Any) -> str:
    return signed(_changed(SECURITY_EVENT, changes), header(typ="secevent+jwt"))


def digest(token: str) -> str:
    """Of what is signed: the form of the keys of rows that are out there already."""
    return encoded(hashlib.sha256(token.rpartition(".")[0].encode()).digest())


# What a naive reader accepts, of members under a good signature of the issuer ISSUER.


def is_header(head: Mapping[str, Any], *typs: str) -> bool:
    typ = head.get("typ", "")
    return (
        head.get("alg") == "ES256"
        and head.get("kid") == SIGNING_KEY.kid
        and "crit" not in head
        and isinstance(typ, str)
        and typ.lower() in [*typs, *(f"application/{each}" for each in typs if each)]
    )


def opens_a_session(head: Mapping[str, Any], claims: Mapping[str, Any], said: str) -> bool:
    """Whether a session comes of it; `said` is the last word of the type that the client says that it is."""
    return (
        is_header(head, "", "jwt", "at+jwt")
        and claims.get("iss") == ISSUER
        and "events" not in claims
        and "cnf" not in claims
        and _is_of_kind(head, claims, said)
        and _has_audience(claims, claims.get("client_id"))
        and ("azp" not in claims or claims["azp"] in [CLIENT, API])
        and _is_time(claims.get("exp"))
        and claims["exp"] > NOW
        and is_issued_within(claims, 600)
        and _is_text(claims.get("sub"))
        and not _is_machine(claims)
        and _is_text_or_none(claims.get("sid"))
    )


def ends_a_login(head: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    """Whether it is a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.6)."""
    events = claims.get("events")
    return (
        is_header(head, "", "jwt", "logout+jwt")
        and claims.get("iss") == ISSUER
        and _is_events(events)
        and BACKCHANNEL_LOGOUT in claims["events"]
        and "nonce" not in claims
        and _has_audience(claims)
        and _is_time(claims.get("exp"))
        and claims["exp"] > NOW
        and is_issued_within(claims, 600)
        and _is_text(claims.get("jti"))
        and _is_text_or_none(claims.get("sub"))
        and _is_text_or_none(claims.get("sid"))
        and (claims.get("sub") is not None or claims.get("sid") is not None)
    )


def is_for_us(head: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    """Whether it is a security event token that is listened to, of whatever it tells."""
    return (
        is_header(head, "secevent+jwt")
        and claims.get("iss") == ISSUER
        and _is_events(claims.get("events"))
        and BACKCHANNEL_LOGOUT not in claims["events"]
        and _has_audience(claims)
    )


def is_issued_within(claims: Mapping[str, Any], seconds: int) -> bool:
    return (
        _is_time(claims.get("iat"))
        and NOW - seconds <= claims["iat"] <= NOW + 60
        and ("nbf" not in claims or (_is_time(claims["nbf"]) and claims["nbf"] <= NOW + 60))
    )


def assert_opens_a_session(token: str, read: SubjectToken) -> None:
    """What was read is in the token, which a naive reader accepts, too."""
    assert len(token) <= 8192
    assert re.fullmatch(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", token)
    head, claims, _ = (_members(part) if place < 2 else {} for place, part in enumerate(token.split(".")))
    assert opens_a_session(head, claims, "jwt")
    assert read.claims == claims
    assert (read.issuer.issuer, read.subject, read.login) == (ISSUER, claims["sub"], claims.get("sid"))
    assert (read.issued_at, read.digest) == (claims["iat"], digest(token))

    text, _, signature = token.rpartition(".")
    raw = decoded(signature)
    assert len(raw) == 64
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    PUBLIC_KEY.verify(der, text.encode(), ec.ECDSA(SHA256()))


def _members(part: str) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), "a name came twice"
        return dict(pairs)

    def constant(name: str) -> None:
        raise AssertionError(f"{name} was taken for JSON")

    text = decoded(part).decode("utf-8")
    members: dict[str, Any] = json.loads(text, object_pairs_hook=unique, parse_constant=constant)
    return members


def _is_of_kind(head: Mapping[str, Any], claims: Mapping[str, Any], said: str) -> bool:
    use = claims.get("token_use")
    if use is None and str(head.get("typ")).lower().endswith("at+jwt"):
        use = "access"
    kinds = {"id_token": ["id"], "access_token": ["access"], "jwt": ["id", "access"]}[said]
    return use is None or use in kinds


def _has_audience(claims: Mapping[str, Any], instead: object = None) -> bool:
    if isinstance(aud := claims.get("aud"), list):
        return CLIENT in aud or API in aud
    return claims.get("aud", instead) in [CLIENT, API]


def _is_machine(claims: Mapping[str, Any]) -> bool:
    if claims.get("gty") == "client-credentials" or claims.get("idtyp") == "app":
        return True
    clients = [CLIENT, API, claims.get("client_id"), claims.get("azp"), claims.get("cid")]
    return claims["sub"] in [name for each in clients for name in (each, f"{each}@clients")]


def _is_events(events: object) -> bool:
    return isinstance(events, dict) and all(isinstance(each, dict) for each in events.values())


def _is_time(value: object) -> bool:
    return type(value) is int and 0 <= value <= 2**53


def _is_text(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[ -~]{1,255}", value) is not None


def _is_text_or_none(value: object) -> bool:
    return value is None or _is_text(value)


def _part(given: object) -> str:
    match given:
        case bytes():
            return encoded(given)
        case str():
            return encoded(given.encode("utf-8", "surrogatepass"))
        case None:
            return encoded(compact(dict(ID_TOKEN)))
        case _:
            return encoded(compact(given))


def _changed(members: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**members, **changes}.items() if value is not ...}
