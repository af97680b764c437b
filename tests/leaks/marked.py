"""Secrets that are recognised wherever they turn up: in whichever spelling, whole or in part."""

import base64
import functools
import json
import urllib.parse
from collections.abc import Iterator, Mapping

from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric import ec

from rescind.rules.access_tokens import SigningKey
from rescind.rules.refresh_tokens import MacKey

Secret = str | bytes

# That many characters in a row are no coincidence, and to a thief they are of use.
WINDOW = 12

USERNAME = "marked-username-4b1d77c2"
PASSWORD = 'Marked/Password "one" \u00e4+\u00df 9f2c4e18'
NEW_PASSWORD = 'Marked/Password "two" \u00f6%\u00f8 71c0e5b8'
GUESS = 'Marked/Password "three" \u00fc&\u00e5 d02b66a1'
# Weak, so that it is quick: a hash says itself how it is to be verified.
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(
    PASSWORD, salt=b"salt that's mark"
)

BCRYPT_HASH = "$2b$04$Ma9Rke7dBcr3yptS4alt2.uIM1n9Q8b7V6c5X4z3L2k1J0h9G8f7e"
_PRIVATE_VALUE = 0x5F3A9C07D1E846B2A1907E6C4D35F8B09E217C64A05BD38F16E2C97A4B80D35E
KEY = SigningKey("kid-of-the-marked-key", ec.derive_private_key(_PRIVATE_VALUE, ec.SECP256R1()))
MAC_KEY = MacKey("mac_" + "k" * 21 + "A", bytes.fromhex("c4d1" * 8 + "7e093fb56a28" * 2 + "91e0d7f3"))

# What a client says of itself is in the sessions' list, and nowhere else.
USER_AGENT = "Marked-User-Agent/83ac10f5"
IP = "2001:db8:83ac:10f5::7"
REASON = "a marked reason, 5d7e21b9"
CLAIMS = {"plan": "a marked plan, 02ce94d7"}
# Whoever knows it may write to it.
RESPONSE_URL = "https://answers.example/marked-answer?Signature=6be0f3a4c2"

# What another issuer says: of its user, and of itself.
SUBJECT = "marked-subject-c7f03b92e5"
LOGIN = "marked-login-48d1a6e07f"
EMAIL = "marked-address-e2b95d03@example.com"
DOCUMENT = "a marked document, 6f17ce82d4"

# What it would take to forge a line of the log, or to make a terminal lie. Its words are none of a real line.
HOSTILE = '1f60a9c3\r\n{"zzzzz":"zzzz","zzzzzzz":"zzzzz"}\x1b[2K\x1b[31m\x00\x85\u2028\u2029"},{1f60a9c3'

MARKED: Mapping[str, Secret] = {
    "username": USERNAME,
    "password": PASSWORD,
    "new password": NEW_PASSWORD,
    "guessed password": GUESS,
    "password hash": PASSWORD_HASH,
    "imported hash": BCRYPT_HASH,
    "private key": _PRIVATE_VALUE.to_bytes(32),
    "private key as a number": str(_PRIVATE_VALUE),
    "mac secret": MAC_KEY.secret,
    "user agent": USER_AGENT,
    "ip": IP,
    "reason of a revocation": REASON,
    "claims": CLAIMS["plan"],
    "address for CloudFormation": RESPONSE_URL,
    "subject": SUBJECT,
    "login at an issuer": LOGIN,
    "e-mail address": EMAIL,
    "document of an issuer": DOCUMENT,
    "hostile text": HOSTILE,
}


def parts_of(access_token: str, refresh_token: str) -> dict[str, Secret]:
    """What of a pair of tokens is secret: all but the ids, which the log may hold."""
    _, payload, signature = access_token.split(".")
    return {
        "access token's payload": payload,
        "access token's signature": signature,
        "refresh token's mac": refresh_token.rpartition(".")[2],
    }


def parts_of_external(token: str) -> dict[str, Secret]:
    """Of a token of another issuer."""
    _, payload, signature = token.split(".")
    return {"external token's payload": payload, "external token's signature": signature}


def found_in(text: str, secrets: Mapping[str, Secret]) -> set[str]:
    """The names of the secrets of which a part is in the text."""
    shown = _windows(text)
    return {name for name, secret in secrets.items() if not _fingerprints(secret).isdisjoint(shown)}


@functools.lru_cache(maxsize=256)
def _fingerprints(secret: Secret) -> frozenset[str]:
    found = frozenset().union(*(_windows(spelling, step=3) for spelling in spellings(secret)))
    assert found, "too short to be recognised"
    return found


def _windows(text: str, *, step: int = 1) -> frozenset[str]:
    return frozenset([text[start : start + WINDOW] for start in range(0, len(text) - WINDOW + 1, step)])


def spellings(secret: Secret) -> Iterator[str]:
    """The secret as logs, JSON, URLs and dumps would write it."""
    raw = secret.encode() if isinstance(secret, str) else secret
    yield raw.hex()
    yield raw.hex().upper()
    yield urllib.parse.quote(raw, safe="")
    yield urllib.parse.quote_plus(raw)
    yield from _in_base64(raw)
    texts = [repr(raw)[2:-1]] if isinstance(secret, bytes) else [secret, repr(secret)[1:-1]]
    for text in texts:
        yield text
        for ensure_ascii in (True, False):
            once = json.dumps(text, ensure_ascii=ensure_ascii)[1:-1]
            yield once
            yield json.dumps(once, ensure_ascii=ensure_ascii)[1:-1]


def _in_base64(raw: bytes) -> Iterator[str]:
    """As a part of something that was encoded: where in a group of three bytes it begins, nobody knows."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).decode().rstrip("=")
        whole = (before + len(raw)) % 3 == 0
        of_this_alone = encoded[-(-before * 8 // 6) : None if whole else -1]
        yield of_this_alone
        yield of_this_alone.replace("+", "-").replace("/", "_")
