"""What is fuzzed: each target takes any bytes, and fails when something is accepted that it must not be.

A seed is an input that is accepted, so that a fuzzer starts with one. `mutated` makes of an input another one
that is nearly right: bytes that are changed blindly do not get past a signature.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from rescind.flows.authenticate import authenticate
from rescind.rules.access_tokens import InvalidTokenError, sign_access_token, verify_access_token
from rescind.rules.refresh_tokens import (
    RefreshToken,
    sign_refresh_token,
    unverified_refresh_token,
    verify_refresh_token,
)
from rescind.rules.subject_tokens import SubjectTokenType, verify_subject_token
from rescind.verdict import Allow
from rescind.web.authorizer import UnauthorizedError, allowed, presented_access_token, refused
from rescind.web.requests import InvalidRequestError, TooLargeError, json_object, optional_text
from tests.fakes import FakeKeyring, FakeStates, FakeTables
from tests.fuzz.foreign_tokens import (
    ID_TOKEN,
    TRUSTED,
    KnownKeys,
    assert_opens_a_session,
    header,
    id_token,
    signed,
)
from tests.fuzz.forger import PUBLIC_KEY, assert_is_the_one_spelling, encoded
from tests.fuzz.mutations import mutated_access_token, mutated_refresh_token
from tests.things import (
    MAC_KEY,
    NOW,
    SESSION_ID,
    SETTINGS,
    SIGNING_KEY,
    USER_ID,
    a_session,
    a_user,
    some_claims,
)

ACCESS_TOKEN = sign_access_token(some_claims(), key=SIGNING_KEY)
REFRESH_TOKEN = sign_refresh_token(USER_ID, SESSION_ID, 4, key=MAC_KEY)

ID_TOKENS = (
    id_token(),
    id_token(aud=["other", ID_TOKEN["aud"]], azp=ID_TOKEN["aud"], nbf=NOW - 100),
    # An access token of Cognito's, and one of RFC 9068.
    id_token(aud=..., client_id=ID_TOKEN["aud"], token_use="access"),
    signed({**ID_TOKEN, "client_id": "another"}, header(typ="at+jwt")),
)

_KEYS = {SIGNING_KEY.kid: PUBLIC_KEY}
_STATES = FakeStates(
    FakeTables(users={USER_ID: a_user()}, sessions={(USER_ID, SESSION_ID): a_session()}),
)
_METHOD_ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/GET/auth/me"
_SEPARATORS = ["", " ", "  ", "\t", ",", ", ", "\n", "\r\n", "\0", ";", "=", "\u00a0"]
_SCHEMES = ["Bearer", "bearer", "BEARER", "Basic", "Bearer Bearer", "DPoP", ""]


@dataclass(frozen=True)
class Target:
    run: Callable[[bytes], bool]
    """Whether the input was accepted. Raises anything at all when it found a defect."""
    seeds: tuple[bytes, ...]
    mutated: Callable[[bytes, Random], bytes]


def access_token(data: bytes) -> bool:
    token = data.decode("utf-8", "replace")
    try:
        claims = verify_access_token(
            token, keys=_KEYS, issuer=SETTINGS.issuer, audience=SETTINGS.audience, now=NOW
        )
    except InvalidTokenError:
        return False
    assert_is_the_one_spelling(token, claims)
    assert not _is_refresh_token(token)
    return True


def subject_token(data: bytes) -> bool:
    """Of another issuer, whose key happens to be ours: its tokens are changed, and signed, as ours are."""
    token = data.decode("utf-8", "replace")
    try:
        read = verify_subject_token(
            token, token_type=SubjectTokenType.JWT, issuers=TRUSTED, keys=KnownKeys(), now=NOW
        )
    except InvalidTokenError:
        return False
    assert_opens_a_session(token, read)
    return True


def refresh_token(data: bytes) -> bool:
    text = data.decode("utf-8", "replace")
    try:
        token = verify_refresh_token(text, key=MAC_KEY)
    except InvalidTokenError:
        return False
    assert token == unverified_refresh_token(text)
    assert text == _naive_refresh_token(token)
    try:
        verify_access_token(text, keys=_KEYS, issuer=SETTINGS.issuer, audience=SETTINGS.audience, now=NOW)
    except InvalidTokenError:
        return True
    raise AssertionError("a refresh token was taken for an access token")


def bearer_header(data: bytes) -> bool:
    """An event of one of three forms by the first byte; each line after it is an Authorization header."""
    form, *values = data.decode("utf-8", "surrogateescape").split("\n")
    event = _event(form, values)
    outcome = authenticate(
        presented_access_token(event), keys=FakeKeyring(), states=_STATES, settings=SETTINGS, now=NOW
    )
    if not isinstance(outcome, Allow):
        try:
            assert refused(event) == {"isAuthorized": False}
        except UnauthorizedError as error:
            assert str(error) == "Unauthorized"  # noqa: PT017 - the word that API Gateway takes for a 401
        return False
    assert allowed(event, outcome)
    given = values[-1:] if form.startswith("T") else values
    assert len(given) == 1
    scheme, _, token = given[0].partition(" ")
    assert scheme.lower() == "bearer"
    assert_is_the_one_spelling(token.lstrip(" "), outcome.claims)
    return True


def body(data: bytes) -> bool:
    """A body as text or, behind a NUL, in base64."""
    is_encoded = data.startswith(b"\0")
    given = data[is_encoded:].decode("utf-8", "surrogateescape")
    try:
        members = json_object({"body": given, "isBase64Encoded": is_encoded})
    except (InvalidRequestError, TooLargeError):
        return False
    raw = base64.b64decode(given, validate=True) if is_encoded else given.encode("utf-8")
    assert len(raw) <= 8192
    assert members == (json.loads(raw.decode("utf-8"), parse_constant=_no_constant) if raw else {})
    for name in members:
        _is_text_or_refused(members, name)
    return True


def _is_text_or_refused(members: dict[str, Any], name: str) -> None:
    try:
        value = optional_text(members, name, longest=64)
    except InvalidRequestError:
        return
    assert value is None or 1 <= len(value.encode("utf-8")) <= 256


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} was taken for JSON")


def _is_refresh_token(text: str) -> bool:
    try:
        unverified_refresh_token(text)
    except InvalidTokenError:
        return False
    return True


def _naive_refresh_token(token: RefreshToken) -> str:
    signed = f"r1.{MAC_KEY.key_id}.{token.user_id}.{token.session_id}.{token.counter:d}"
    return f"{signed}.{encoded(hmac.new(MAC_KEY.secret, signed.encode(), hashlib.sha256).digest())}"


def _event(form: str, values: list[str]) -> Mapping[str, Any]:
    match form[:1]:
        case "T":
            return {"type": "TOKEN", "methodArn": _METHOD_ARN, "authorizationToken": "\n".join(values[-1:])}
        case "H":
            # Where there are several, an HTTP API joins them.
            headers = {"authorization": ",".join(values)} if values else {}
            return {"version": "2.0", "type": "REQUEST", "headers": headers}
        case _:
            headers = {"Authorization": values[-1]} if values else {}
            several = {"Authorization": values} if values else {}
            return {
                "type": "REQUEST",
                "methodArn": _METHOD_ARN,
                "headers": headers,
                "multiValueHeaders": several,
            }


def _by_text(mutated: Callable[[str, Random], str]) -> Callable[[bytes, Random], bytes]:
    return lambda data, random: mutated(data.decode("utf-8", "replace"), random).encode("utf-8", "replace")


def _other_header(data: bytes, random: Random) -> bytes:
    form, *values = data.decode("utf-8", "replace").split("\n") or ["R"]
    token = random.choice([ACCESS_TOKEN, REFRESH_TOKEN, mutated_access_token(ACCESS_TOKEN, random)])
    value = f"{random.choice(_SCHEMES)}{random.choice(_SEPARATORS)}{token}{random.choice(_SEPARATORS)}"
    value = random.choice([value, value, f"{value}{random.choice(_SEPARATORS)}{value}", value * 40])
    match random.randrange(4):
        case 0:
            values.append(value)
        case 1:
            values = [f"Bearer {token}"]
        case _:
            values = [value]
    return "\n".join([random.choice([form, "R", "T", "H"]), *values]).encode("utf-8", "replace")


def _other_body(data: bytes, random: Random) -> bytes:
    place = random.randrange(len(data) + 1)
    pieces = (
        b"NaN",
        b"-Infinity",
        b"1e999",
        b'"\\ud800"',
        b"\xff",
        b"\0",
        b"[" * 3000,
        b'{"a":',
        b"9" * 5000,
    )
    return data[:place] + random.choice(pieces) + data[place + random.randrange(3) :]


TARGETS = {
    "access_token": Target(access_token, (ACCESS_TOKEN.encode(),), _by_text(mutated_access_token)),
    "refresh_token": Target(refresh_token, (REFRESH_TOKEN.encode(),), _by_text(mutated_refresh_token)),
    "subject_token": Target(
        subject_token, tuple(each.encode() for each in ID_TOKENS), _by_text(mutated_access_token)
    ),
    "bearer_header": Target(
        bearer_header,
        tuple(f"{form}\nBearer {ACCESS_TOKEN}".encode() for form in ("R", "T", "H")),
        _other_header,
    ),
    "body": Target(body, (b'{"username":"ada","n":[1,2.5,null]}', b"\0e30=", b""), _other_body),
}
