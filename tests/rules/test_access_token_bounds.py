"""Access tokens at the edges of what is read: lengths, letters, spellings, and clocks that have no say."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from rescind.reasons import Reason
from rescind.rules.access_tokens import (
    AccessTokenClaims,
    InvalidTokenError,
    SigningKey,
    sign_access_token,
    verify_access_token,
)
from tests.things import NOW, SETTINGS, SIGNING_KEY, some_claims

LIVE = sign_access_token(some_claims(), key=SIGNING_KEY)
BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
ORDER = ec.SECP256R1().group_order


def verified(token: str, *, key: SigningKey = SIGNING_KEY, now: int = NOW) -> AccessTokenClaims:
    return verify_access_token(
        token,
        keys={key.kid: key.private_key.public_key()},
        issuer=SETTINGS.issuer,
        audience=SETTINGS.audience,
        now=now,
    )


def reason_of(token: str) -> Reason:
    with pytest.raises(InvalidTokenError) as refusal:
        verified(token)
    return refusal.value.reason


def of_length(length: int) -> tuple[str, SigningKey]:
    """Base64url has no text of 4n + 1 characters, so the kid's length is tried too."""
    for kid in ("k", "kk", "kkk"):
        key = SigningKey(kid, SIGNING_KEY.private_key)
        for size in range(5700, 5850):
            token = sign_access_token(some_claims(scope="x" * size), key=key)
            if len(token) == length:
                return token, key
    raise AssertionError("no token has this length")


def test_a_token_of_8192_characters_is_read() -> None:
    token, key = of_length(8192)

    assert len(verified(token, key=key).scope) > 5700


def test_a_token_of_8193_characters_is_refused_for_its_length() -> None:
    token, key = of_length(8193)

    with pytest.raises(InvalidTokenError) as refusal:
        verified(token, key=key)

    assert refusal.value.reason is Reason.MALFORMED


def test_all_letters_of_base64url_may_stand_in_a_token() -> None:
    # Wherever they begin, one of three of each is the last of its group, and reads _ or - then.
    key = SigningKey("???>>>", SIGNING_KEY.private_key)
    claims = some_claims(scope="???>>>")

    token = sign_access_token(claims, key=key)

    header, payload, _ = token.split(".")
    assert {"_", "-"} <= set(header) & set(payload)
    assert verified(token, key=key) == claims


@pytest.mark.parametrize("place", [1, 2])
def test_only_a_dot_parts_a_token(place: int) -> None:
    parts = LIVE.split(".")
    text = ".".join(parts[:place]) + ":" + ".".join(parts[place:])

    assert reason_of(text) is Reason.MALFORMED


@pytest.mark.parametrize("place", [0, 1, 2], ids=["header", "payload", "signature"])
def test_what_base64_would_read_past_is_not_read_past(place: int) -> None:
    parts = LIVE.split(".")
    parts[place] = parts[place][:8] + "::::" + parts[place][12 if place == 2 else 8 :]

    assert reason_of(".".join(parts)) is Reason.MALFORMED


@pytest.mark.parametrize("header", [" {}", "{} "], ids=["before", "behind"])
def test_a_header_with_a_space_is_no_header_of_an_unknown_key(header: str) -> None:
    text = header.format('{"alg":"ES256","kid":"other","typ":"at+jwt"}')
    _, payload, signature = LIVE.split(".")

    spaced = base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()

    assert reason_of(f"{spaced}.{payload}.{signature}") is Reason.MALFORMED


def test_no_signature_has_a_second_spelling() -> None:
    tokens = {}
    for version in range(500):
        token = sign_access_token(some_claims(ver=version), key=SIGNING_KEY)
        tokens[token[-1]] = token
    assert set(tokens) == set("AQgw")

    for last, token in tokens.items():
        spellings = BASE64URL[BASE64URL.index(last) + 1 :][:15]
        assert {reason_of(token[:-1] + other) for other in spellings} == {Reason.MALFORMED}


def key_that_signs_with(s: int) -> tuple[str, SigningKey]:
    """A token whose signature has this very s: the nonce is 1, and the private key is made to fit."""
    text, _, _ = LIVE.rpartition(".")
    r = ec.derive_private_key(1, ec.SECP256R1()).public_key().public_numbers().x % ORDER
    digest = int.from_bytes(hashlib.sha256(text.encode()).digest())
    private = ec.derive_private_key((s - digest) * pow(r, -1, ORDER) % ORDER, ec.SECP256R1())
    signature = base64.urlsafe_b64encode(r.to_bytes(32) + s.to_bytes(32)).rstrip(b"=").decode()
    return f"{text}.{signature}", SigningKey(SIGNING_KEY.kid, private)


def test_half_the_order_is_the_highest_s_that_is_low() -> None:
    low, key_of_low = key_that_signs_with(ORDER // 2)
    high, key_of_high = key_that_signs_with(ORDER // 2 + 1)

    with pytest.raises(InvalidTokenError) as refusal:
        verified(high, key=key_of_high)

    assert verified(low, key=key_of_low) == some_claims()
    assert refusal.value.reason is Reason.BAD_SIGNATURE


@pytest.mark.parametrize("now", [1_000_000_000, 4_000_000_000], ids=["in 2001", "in 2096"])
def test_the_clock_of_the_machine_has_no_say(now: int) -> None:
    claims = some_claims(iat=now - 100, exp=now + 800, auth_time=now - 500)

    assert verified(sign_access_token(claims, key=SIGNING_KEY), now=now) == claims


def test_a_refusal_says_its_reason_in_a_stack_trace_too() -> None:
    assert str(InvalidTokenError(Reason.UNKNOWN_KEY)) == "unknown_key"


class KeysOfLongAgo(dict[str, ec.EllipticCurvePublicKey]):
    """Of a kid that they lack, they cannot know whether there is none."""

    def __contains__(self, kid: object) -> bool:
        assert super().__contains__(kid), f"asked for {kid}"
        return True


def with_kid(kid: bytes) -> str:
    header = b'{"alg":"ES256","kid":"%s","typ":"at+jwt"}' % kid
    text = base64.urlsafe_b64encode(header).rstrip(b"=").decode()
    return f"{text}.{LIVE.partition('.')[2]}"


def test_keys_of_long_ago_are_asked_for_a_kid_that_they_may_not_know() -> None:
    keys = KeysOfLongAgo({SIGNING_KEY.kid: SIGNING_KEY.private_key.public_key()})

    with pytest.raises(AssertionError, match="asked for a-newer-one"):
        verify_access_token(
            with_kid(b"a-newer-one"), keys=keys, issuer=SETTINGS.issuer, audience=SETTINGS.audience, now=NOW
        )


@pytest.mark.parametrize("kid", [b"", b"\xff", b"\\u0061", b"a b", b'a","b":"'], ids=repr)
def test_a_header_that_names_no_key_of_our_form_is_none(kid: bytes) -> None:
    assert reason_of(with_kid(kid)) is Reason.MALFORMED


def test_a_known_kid_in_a_second_spelling_of_the_header_is_no_unknown_key() -> None:
    header, _, rest = LIVE.partition(".")
    last = BASE64URL[BASE64URL.index(header[-1]) + 1]

    assert base64.urlsafe_b64decode(header + "==") == base64.urlsafe_b64decode(header[:-1] + last + "==")
    assert reason_of(f"{header[:-1]}{last}.{rest}") is Reason.MALFORMED
