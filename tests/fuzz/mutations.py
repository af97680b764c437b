"""Other spellings of tokens: each keeps most of what was right, and most are signed again by our own key."""

import json
import re
from collections.abc import Sequence
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from rescind.rules.access_tokens import SigningKey
from tests.fuzz.forger import (
    BASE64URL,
    HEADER,
    claims,
    compact,
    decoded,
    encoded,
    high_s_twin,
    second_spelling,
    with_good_mac,
    with_signature,
)
from tests.things import NOW, SESSION_ID, SIGNING_KEY, TOKEN_ID, USER_ID

FOREIGN_KEY = SigningKey(SIGNING_KEY.kid, ec.derive_private_key(4711, ec.SECP256R1()))

_Pairs = list[tuple[str, Any]]


class _Literal(str):
    """JSON text that is written as it stands."""

    __slots__ = ()


_CHARACTERS = [*'AQgwBz0_-.=+/, \t\n\0{}[]":e', "\u00e9", "\u0661", "\ud800", "\ufeff", "\U0001f600"]
_VALUES: Sequence[Any] = [
    *(None, True, False, 0, 1, -1, 3600, 3601, 0.0, -0.0, 1.5, 2**63, 10**400, "", "1", "\ud800", [], {}),
    *(NOW, NOW + 60, NOW + 61, float(NOW), str(NOW), float("nan"), float("inf")),
    *(USER_ID, SESSION_ID, TOKEN_ID, "tok_" + "t" * 3000, "x" * 6000, "other", "ES256", "none", "JWT"),
    *(_Literal(text) for text in ("-0", "1e3", "1E+3", "1.0", "01", "+1", "0x1", "1_0", "9" * 4500)),
    *(
        _Literal(text)
        for text in (f"{NOW}.0", f"{NOW}e0", f"{NOW // 10}e1", '"\\ud83d\\ude00"', '"\u00e9"', "'x'")
    ),
    *(_Literal("[" * depth + "]" * depth) for depth in (2, 900, 2500)),
]
# To and over the bounds of a life of 900 s that began 100 s ago.
_STEPS = [-2701, -2700, 160, 161, 2700, 2701]
_ENCODINGS = ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-7"]
_NAMES = ["b64", "crit", "jwk", "jku", "x5u", "x5c", "cty", "zip", "nbf", "admin", "__class__", ""]


def mutated_access_token(token: str, random: Random) -> str:
    """Its text changed; or its header or payload changed, and signed again."""
    parts = token.split(".")
    if len(parts) != 3:
        parts = with_signature(f"{encoded(compact(HEADER))}.{encoded(compact(claims()))}").split(".")
    header, payload, signature = parts
    match random.randrange(8):
        case 0:
            return _other_text(".".join(parts), random)
        case 1:
            return f"{header}.{payload}.{_other_signature(signature, random)}"
        case 2:
            header = _other_json(header, random)
        case 3:
            header, payload = random.choice([(payload, header), (header, header), (payload, payload)])
        case _:
            payload = _other_json(payload, random)
    if random.random() < 0.1:
        payload = _other_base64(payload, random)
    return _signed_again(f"{header}.{payload}", random)


def mutated_refresh_token(token: str, random: Random) -> str:
    """Its text changed; or a field changed, and a right mac over it."""
    parts = token.split(".")
    if len(parts) < 2 or random.random() < 0.2:
        return _other_text(token, random)
    place = random.randrange(len(parts) - 1)
    parts[place] = random.choice(
        [
            _other_text(parts[place], random),
            random.choice(["0", "1", "01", "-1", "+1", "1.0", "1e1", "9999999999", "99999999999", "\u0664"]),
            random.choice([USER_ID, SESSION_ID, TOKEN_ID, "r1", "r2", "R1", ""]),
            second_spelling(parts[place]),
        ]
    )
    return with_good_mac(".".join(parts[:-1]))


def _signed_again(text: str, random: Random) -> str:
    token = with_signature(text, FOREIGN_KEY if random.random() < 0.03 else SIGNING_KEY)
    return high_s_twin(token) if random.random() < 0.1 else token


def _other_text(text: str, random: Random) -> str:
    place = random.randrange(len(text) + 1)
    dropped = random.choice([0, 1, 1])
    inserted: str = random.choice(["", random.choice(_CHARACTERS), random.choice(BASE64URL)])
    return text[:place] + inserted + text[place + dropped :]


def _other_signature(signature: str, random: Random) -> str:
    try:
        raw = decoded(signature)
        match random.randrange(6):
            case 0 | 1:
                return high_s_twin(f".{signature}").removeprefix(".")
            case 2:
                return second_spelling(signature)
            case 3:
                return encoded(random.choice([bytes(64), raw + b"\0", raw[:-1], raw[32:] + raw[:32]]))
            case 4:
                return signature + "=" * random.randint(1, 3)
            case _:
                return _other_text(signature, random)
    except (ValueError, OverflowError):
        return ""  # it is no signature any more


def _other_base64(part: str, random: Random) -> str:
    return random.choice(
        [
            second_spelling(part),
            part + "=" * random.randint(1, 3),
            part.replace("-", "+").replace("_", "/"),
            part + "A",
            part[:10] + random.choice("\n =") + part[10:],
        ]
    )


def _other_json(part: str, random: Random) -> str:
    """The JSON of a part with other members, or the same members written in another way."""
    try:
        pairs: Any = json.loads(decoded(part), object_pairs_hook=list)
    except (ValueError, RecursionError):
        pairs = None
    if not isinstance(pairs, list) or not all(isinstance(each, tuple) for each in pairs) or not pairs:
        pairs = list(random.choice([HEADER, claims()]).items())
    way = random.randrange(10)
    if way < 7:
        _change_members(pairs, random)
    text = "{" + ",".join(f"{json.dumps(name)}:{_value(value)}" for name, value in pairs) + "}"
    return encoded(_written_otherwise(text, random) if way > 5 else text.encode("utf-8", "surrogatepass"))


def _change_members(pairs: _Pairs, random: Random) -> None:
    other = random.choice(pairs)[1]
    change = random.randrange(8)
    wanted = {4: int, 5: int, 6: str}.get(change, object)
    places = [place for place, (_, value) in enumerate(pairs) if isinstance(value, wanted)]
    place = random.choice(places or range(len(pairs)))
    name, value = pairs[place]
    match change:
        case 0:
            pairs.insert(random.randrange(len(pairs) + 1), (name, random.choice([value, other])))
        case 1:
            pairs.append(pairs.pop(place))
        case 2 if len(pairs) > 1:
            del pairs[place]
        case 3:
            pairs.append((random.choice(_NAMES), random.choice(_VALUES)))
        case 4 if type(value) is int:
            pairs[place] = (name, value + random.choice(_STEPS))
        case 5 if type(value) is int:
            pairs[place] = (name, random.choice([float(value % 2**53), str(value), _Literal(f"{value}e0")]))
        case 6 if type(value) is str:
            pairs[place] = (name, value[:8] + random.choice(["", "x", value[8:] + "x", "x" * 7000]))
        case _:
            pairs[place] = (name, random.choice([random.choice(_VALUES), other, [value], {name: value}]))


def _value(value: Any) -> str:
    return str(value) if isinstance(value, _Literal) else json.dumps(value)


def _written_otherwise(text: str, random: Random) -> bytes:
    """JSON that means the same, or nothing."""
    place = random.randrange(len(text))
    before, here, after = text[:place], text[place], text[place + 1 :]
    match random.randrange(6):
        case 0:
            escaped = random.choice(["\\u{:04x}", "\\u{:04X}"]).format(ord(here) & 0xFFFF)
            text = before + ("\\/" if here == "/" else escaped) + after
        case 1:
            text = re.sub("[:,{]", lambda match: match[0] + random.choice(["", " "]), text)
        case 2:
            text = before + here + random.choice(" \n\t\r\0") + after
        case 3:
            text += random.choice([" ", "\n", "\0", "{}", ",", "//"])
        case 4:
            return text.encode(random.choice(_ENCODINGS), "replace")
        case _:
            odd = random.choice([b"\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\0", b"\xef\xbb\xbf"])
            return before.encode("utf-8", "replace") + odd + after.encode("utf-8", "replace")
    return text.encode("utf-8", "surrogatepass")
