"""An access token has one spelling: what is signed is read back, and nothing else is."""

import hashlib
import hmac
import json
from dataclasses import asdict, fields
from random import Random
from typing import Any
from unittest.mock import Mock

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rescind.reasons import Reason
from rescind.rules.access_tokens import (
    AccessTokenClaims,
    InvalidTokenError,
    SigningKey,
    sign_access_token,
    verify_access_token,
)
from rescind.rules.refresh_tokens import sign_refresh_token
from tests.fuzz.forger import (
    BASE64URL,
    HEADER,
    ORDER,
    PUBLIC_KEY,
    assert_is_the_one_spelling,
    compact,
    decoded,
    encoded,
    second_spelling,
    with_signature,
)
from tests.fuzz.forger import claims as members
from tests.fuzz.forger import high_s_twin as high_s_twin_of
from tests.fuzz.mutations import mutated_access_token
from tests.things import MAC_KEY, NOW, SESSION_ID, SETTINGS, SIGNING_KEY, TOKEN_ID, USER_ID, some_claims

PUBLIC_PEM = PUBLIC_KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
FOREIGN_KEY = SigningKey(SIGNING_KEY.kid, ec.derive_private_key(4711, ec.SECP256R1()))
LIVE = sign_access_token(some_claims(), key=SIGNING_KEY)
LIVE_JSON = compact(members()).decode()
HEADER_JSON = compact(HEADER).decode()


def verified(token: str, *, key: SigningKey = SIGNING_KEY, now: int = NOW) -> AccessTokenClaims:
    return verify_access_token(
        token,
        keys={key.kid: key.private_key.public_key()},
        issuer=SETTINGS.issuer,
        audience=SETTINGS.audience,
        now=now,
    )


def signed(header: object = None, payload: object = None, *, key: SigningKey = SIGNING_KEY) -> str:
    """A token of these parts, each a value, JSON text or bytes, with nothing else wrong with it."""
    return with_signature(f"{encoded(_part(header, HEADER))}.{encoded(_part(payload, members()))}", key)


def _part(given: object, usual: dict[str, Any]) -> bytes:
    match given:
        case bytes():
            return given
        case str():
            return given.encode()
        case None:
            return compact(usual)
        case _:
            return compact(given)


def with_header(**changes: Any) -> str:
    return signed(header={**HEADER, **changes})


def with_claims(**changes: Any) -> str:
    return signed(payload=members(**changes))


def without(name: str) -> str:
    return signed(payload={key: value for key, value in members().items() if key != name})


def payload_with(old: str, new: str) -> str:
    """The live payload with this piece of its text written in another way."""
    assert LIVE_JSON.count(old) == 1
    return signed(payload=LIVE_JSON.replace(old, new))


def payload_ending_in(text: str) -> str:
    """The live payload with this JSON text behind its last member."""
    return signed(payload=f"{LIVE_JSON[:-1]}{text}}}")


def high_s_twin() -> str:
    return high_s_twin_of(LIVE)


def signature_spelled_twice() -> str:
    text, _, signature = LIVE.rpartition(".")
    return f"{text}.{second_spelling(signature)}"


def header_spelled_twice() -> str:
    header, payload, _ = LIVE.split(".")
    assert second_spelling(header) != header, "all bits of its last character count"
    return with_signature(f"{second_spelling(header)}.{payload}")


def payload_spelled_twice() -> str:
    header, payload, _ = with_claims(scope="x" * (1 + len(LIVE_JSON) % 3)).split(".")
    assert second_spelling(payload) != payload, "all bits of its last character count"
    return with_signature(f"{header}.{second_spelling(payload)}")


def under_the_public_key_as_a_secret(algorithm: str, digest: str) -> str:
    text = f"{encoded(compact({**HEADER, 'alg': algorithm}))}.{encoded(compact(members()))}"
    return f"{text}.{encoded(hmac.digest(PUBLIC_PEM, text.encode(), digest))}"


def of_der_signature() -> str:
    text, _, signature = LIVE.rpartition(".")
    raw = decoded(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    return f"{text}.{encoded(der)}"


def padded(part: int) -> str:
    parts = LIVE.split(".")
    parts[part] += "=" * (-len(parts[part]) % 4 or 4)
    return ".".join(parts)


NONE = compact({**HEADER, "alg": "none"})

HOSTILE = {
    # The text as a whole
    "nothing": "",
    "no dots": "token",
    "a refresh token": sign_refresh_token(USER_ID, SESSION_ID, 4, key=MAC_KEY),
    "only dots": "..",
    "two parts": LIVE.rpartition(".")[0],
    "four parts": f"{LIVE}.x",
    "five parts, as an encrypted one has": f"{LIVE}.x.y",
    "an empty payload": "{0}..{2}".format(*LIVE.split(".")),
    "an empty header": ".{1}.{2}".format(*LIVE.split(".")),
    "an empty signature": LIVE.rpartition(".")[0] + ".",
    "a newline at its end": LIVE + "\n",
    "a space before it": " " + LIVE,
    "a NUL within it": LIVE.replace(".", ".\0", 1),
    "a NUL at its end": LIVE + "\0",
    "a letter that is not ASCII": LIVE.replace(".", ".\u00e9", 1),
    "a digit that is not ASCII": LIVE.replace(".", ".\u0661", 1),
    "a lone surrogate": LIVE.replace(".", ".\ud800", 1),
    "a lone surrogate alone": "\ud800.\ud800.\ud800",
    "the other base64 alphabet": LIVE[:-1] + "+",
    "9 kB of nothing": "a" * 9000,
    "9 kB with a good signature": with_claims(scope="x" * 6500),
    # Second spellings
    "padding behind its header": padded(0),
    "padding behind its payload": padded(1),
    "padding behind its signature": padded(2),
    "a second spelling of its signature": signature_spelled_twice(),
    "a signed second spelling of its payload": payload_spelled_twice(),
    "the high-s twin of its signature": high_s_twin(),
    "a member of its header twice": signed(header=HEADER_JSON[:-1] + ',"alg":"ES256"}'),
    "another kid before its kid": signed(header='{"kid":"other",' + HEADER_JSON[1:]),
    "a header in another order": signed(header=dict(sorted(HEADER.items(), reverse=True))),
    "a header with spaces": signed(header=json.dumps(HEADER)),
    "a header with an escape": signed(header=HEADER_JSON.replace("ES256", "\\u0045S256")),
    "a newline behind its header": signed(header=HEADER_JSON + "\n"),
    "a signed second spelling of its header": header_spelled_twice(),
    "a member of its payload twice": payload_ending_in(f',"jti":"{TOKEN_ID}"'),
    "a later exp behind its exp": payload_ending_in(f',"exp":{NOW + 3000}'),
    "a member twice, spelled with an escape": payload_ending_in(f',"\\u006ati":"{TOKEN_ID}"'),
    "claims in another order": signed(payload=dict(sorted(members().items()))),
    "two claims exchanged": payload_with(
        f'"iat":{NOW - 100},"exp":{NOW + 800}', f'"exp":{NOW + 800},"iat":{NOW - 100}'
    ),
    "claims with spaces": signed(payload=json.dumps(members())),
    "one space": payload_with('"ver":7', '"ver": 7'),
    "a tab before its claims": signed(payload="\t" + LIVE_JSON),
    "a newline behind its claims": signed(payload=LIVE_JSON + "\n"),
    "a letter that is escaped": payload_with("orders:read", "\\u006frders:read"),
    "a name that is escaped": payload_with('"jti"', '"\\u006ati"'),
    "an escape in capitals": signed(payload=compact(members(scope="\u00e9")).replace(b"\\u00e9", b"\\u00E9")),
    "a letter that is not escaped": payload_with("orders:read", "\u00e9"),
    "a solidus that is escaped": signed(payload=compact(members(client_id="a/b")).replace(b"a/b", b"a\\/b")),
    "exp with an exponent": payload_with(str(NOW + 800), f"{(NOW + 800) // 100}e2"),
    "auth_time -0": payload_with(str(NOW - 500), "-0"),
    "auth_time with a leading zero": payload_with(str(NOW - 500), f"0{NOW - 500}"),
    # Its encoding
    "a BOM before its header": signed(header=b"\xef\xbb\xbf" + compact(HEADER)),
    "a BOM before its payload": signed(payload=b"\xef\xbb\xbf" + LIVE_JSON.encode()),
    "a header in UTF-16": signed(header=HEADER_JSON.encode("utf-16")),
    "a payload in UTF-16": signed(payload=LIVE_JSON.encode("utf-16-le")),
    "a payload in UTF-32": signed(payload=LIVE_JSON.encode("utf-32")),
    "bytes that are not UTF-8": signed(payload=LIVE_JSON.encode().replace(b"orders", b"\xff\xfe")),
    "a surrogate as bytes": signed(payload=LIVE_JSON.encode().replace(b"orders", b"\xed\xa0\x80")),
    "a NUL behind its payload": signed(payload=LIVE_JSON + "\0"),
    "two JSON values": signed(payload=LIVE_JSON + "{}"),
    # Its signature
    "no signature, alg none": f"{encoded(NONE)}.{LIVE.split('.')[1]}.",
    "a foreign key's signature": signed(key=FOREIGN_KEY),
    "another token's signature": f"{LIVE.rpartition('.')[0]}.{with_claims(ver=8).rpartition('.')[2]}",
    "a signature of zeros": f"{LIVE.rpartition('.')[0]}.{encoded(bytes(64))}",
    "a signature in DER": of_der_signature(),
    "the public key as the secret of HS256": under_the_public_key_as_a_secret("HS256", "sha256"),
    "the public key as the secret of HS512": under_the_public_key_as_a_secret("HS512", "sha512"),
    "the public key as the secret, said to be ES256": under_the_public_key_as_a_secret("ES256", "sha512"),
    # Its header
    "alg none": with_header(alg="none"),
    "alg in lower case": with_header(alg="es256"),
    "a foreign alg": with_header(alg="ES384"),
    "an alg that is a list": with_header(alg=["ES256"]),
    "the typ of any JWT": with_header(typ="JWT"),
    "a typ in capitals": with_header(typ="AT+JWT"),
    "the typ as a media type": with_header(typ="application/at+jwt"),
    "a typ that is null": with_header(typ=None),
    "no typ": signed(header={"alg": "ES256", "kid": SIGNING_KEY.kid}),
    "no kid": signed(header={"alg": "ES256", "typ": "at+jwt"}),
    "a key of its own": with_header(jwk={"kty": "EC"}),
    "an address of keys": with_header(jku="https://example.com/jwks.json"),
    "an extension that is critical": with_header(crit=["exp"]),
    "a payload that is not encoded": with_header(b64=False),
    "an unknown kid": with_header(kid="other"),
    "a kid that is a path": with_header(kid="../../../dev/null"),
    "a kid that is a number": with_header(kid=1),
    "a kid that is null": with_header(kid=None),
    "a kid that is true": with_header(kid=True),
    "a kid that is a list": with_header(kid=[SIGNING_KEY.kid]),
    "a kid that is an object": with_header(kid={"kid": SIGNING_KEY.kid}),
    "a kid with a lone surrogate": with_header(kid="\ud800"),
    "a header that is a list": signed(header='["alg", "typ", "kid"]'),
    "a header that is no JSON": signed(header="alg: ES256"),
    "a header that is nested deeply": signed(header="[" * 5000),
    "a header of 100,000 brackets": signed(header="[" * 100_000),
    # Its payload
    "a payload that is a list": signed(payload=[members()]),
    "a payload that is a string": signed(payload='"claims"'),
    "a payload that is a number": signed(payload="1"),
    "a payload that is null": signed(payload="null"),
    "a payload that is no JSON": signed(payload="claims"),
    "a payload of one brace": signed(payload="{"),
    "an empty object": signed(payload={}),
    "lists that are nested deeply": signed(payload="[" * 5000),
    "100,000 brackets": signed(payload="[" * 100_000),
    "objects that are nested deeply": signed(payload='{"a":' * 1100 + "1" + "}" * 1100),
    "a claim that is nested deeply": payload_ending_in(',"x":' + "[" * 2000 + "]" * 2000),
    "a claim more": with_claims(admin=True),
    "a not-before time": with_claims(nbf=0),
    **{f"no {field.name}": without(field.name) for field in fields(AccessTokenClaims)},
    **{f"{field.name} null": with_claims(**{field.name: None}) for field in fields(AccessTokenClaims)},
    # Its times
    "exp as a string": with_claims(exp=str(NOW + 800)),
    "exp as a float": with_claims(exp=NOW + 800.0),
    "exp with a fraction": with_claims(exp=NOW + 800.5),
    "exp not a number": with_claims(exp=float("nan")),
    "exp without end": with_claims(exp=float("inf")),
    "exp of 4500 digits": payload_with(str(NOW + 800), "9" * 4500),
    "exp a list": with_claims(exp=[NOW + 800]),
    "iat as a string": with_claims(iat=str(NOW)),
    "iat true": with_claims(iat=True, exp=900),
    "iat as a float": with_claims(iat=NOW - 100.0),
    "iat not a number": with_claims(iat=float("nan")),
    "exp true": with_claims(iat=0, exp=True),
    "auth_time as a string": with_claims(auth_time="0"),
    "auth_time true": with_claims(auth_time=True),
    "iat over 60 s ahead": with_claims(iat=NOW + 61, exp=NOW + 900),
    "a life over the ceiling": with_claims(iat=NOW, exp=NOW + 3601),
    "a life of 0 s": with_claims(iat=NOW, exp=NOW),
    "a life backwards": with_claims(iat=NOW, exp=NOW - 1),
    # Its other claims
    "a foreign issuer": with_claims(iss="urn:rescind:other"),
    "its issuer and more": with_claims(iss=SETTINGS.issuer + "/"),
    "its issuer in capitals": with_claims(iss=SETTINGS.issuer.upper()),
    "an issuer that is a list": with_claims(iss=[SETTINGS.issuer]),
    "a foreign audience": with_claims(aud="other"),
    "an audience that is a list": with_claims(aud=[SETTINGS.audience]),
    "an audience that is an object": with_claims(aud={SETTINGS.audience: 1}),
    "an empty audience": with_claims(aud=""),
    "ver as a string": with_claims(ver="7"),
    "ver as a float": with_claims(ver=7.0),
    "ver true": with_claims(ver=True),
    "scope as a list": with_claims(scope=["orders:read"]),
    "client_id as a number": with_claims(client_id=1),
    "sub as a number": with_claims(sub=1),
    "a sub of another form": with_claims(sub="ada"),
    "a sub that is a session's": with_claims(sub=some_claims().sid),
    "a sid of another form": with_claims(sid="ses_" + "s" * 21),
    "a sid in capitals": with_claims(sid=some_claims().sid.upper()),
    "a jti of 3 kB": with_claims(jti="tok_" + "t" * 3000),
    "a jti that is empty": with_claims(jti=""),
    "a jti that is no 128 bits": with_claims(jti="tok_" + "t" * 21 + "B"),
    "a jti with a newline at its end": with_claims(jti=TOKEN_ID + "\n"),
    "a jti with a NUL": with_claims(jti="tok_" + "t" * 20 + "\0A"),
    "a jti with a lone surrogate": with_claims(jti="tok_" + "t" * 20 + "\ud800A"),
    "a jti that is not ASCII": with_claims(jti="tok_" + "\u0661" * 21 + "A"),
}


def test_a_signed_token_is_read_back() -> None:
    assert verified(LIVE) == some_claims()


def test_the_signer_of_these_tests_makes_tokens_that_are_read() -> None:
    assert verified(signed()) == some_claims()


@pytest.mark.parametrize("token", [pytest.param(token, id=name) for name, token in HOSTILE.items()])
def test_a_hostile_text_is_refused_and_nothing_else_happens(token: str) -> None:
    with pytest.raises(InvalidTokenError):
        verified(token)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        pytest.param("no token", Reason.MALFORMED, id="another form"),
        pytest.param(with_header(typ="JWT"), Reason.MALFORMED, id="another kind of JWT"),
        pytest.param(with_header(alg="none"), Reason.MALFORMED, id="another alg"),
        pytest.param(signature_spelled_twice(), Reason.MALFORMED, id="a second spelling"),
        pytest.param(payload_spelled_twice(), Reason.MALFORMED, id="a second spelling that we signed"),
        pytest.param(signed(payload=json.dumps(members())), Reason.MALFORMED, id="claims with spaces"),
        pytest.param(f"A{LIVE}", Reason.MALFORMED, id="a header that is no base64"),
        pytest.param(with_header(kid="other"), Reason.UNKNOWN_KEY, id="unknown key"),
        pytest.param(signed(key=FOREIGN_KEY), Reason.BAD_SIGNATURE, id="forged"),
        pytest.param(high_s_twin(), Reason.BAD_SIGNATURE, id="high s"),
        pytest.param(with_claims(iss="other"), Reason.WRONG_CLAIMS, id="foreign issuer"),
        pytest.param(with_claims(jti="other"), Reason.WRONG_CLAIMS, id="foreign form of jti"),
        pytest.param(with_claims(iat=NOW + 61, exp=NOW + 900), Reason.FROM_THE_FUTURE, id="from the future"),
    ],
)
def test_the_log_learns_why(token: str, reason: Reason) -> None:
    with pytest.raises(InvalidTokenError) as refusal:
        verified(token)

    assert refusal.value.reason is reason


def test_the_twin_of_a_signature_is_good_but_for_our_own_check() -> None:
    options: Any = {"verify_exp": False, "verify_iat": False}

    claims = jwt.decode(
        high_s_twin(), PUBLIC_KEY, algorithms=["ES256"], audience=SETTINGS.audience, options=options
    )

    assert claims == asdict(some_claims())


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(signed(key=FOREIGN_KEY, payload="[" * 5000), id="forged"),
        pytest.param(signed(header="[" * 5000), id="of a header that is not ours"),
        pytest.param(with_header(kid="other"), id="of an unknown key"),
    ],
)
def test_what_a_stranger_wrote_is_never_parsed(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = Mock()
    monkeypatch.setattr("json.loads", loads)

    with pytest.raises(InvalidTokenError):
        verified(token)

    loads.assert_not_called()


def test_an_unknown_kid_costs_no_signature_check() -> None:
    key = Mock(curve=ec.SECP256R1())

    with pytest.raises(InvalidTokenError) as refusal:
        verify_access_token(
            with_header(kid="other"),
            keys={SIGNING_KEY.kid: key},
            issuer=SETTINGS.issuer,
            audience=SETTINGS.audience,
            now=NOW,
        )

    assert refusal.value.reason is Reason.UNKNOWN_KEY
    key.verify.assert_not_called()


def test_the_text_is_this_one_and_a_change_of_it_refuses_every_token_that_is_out() -> None:
    header, payload, _ = LIVE.split(".")

    assert decoded(header) == b'{"alg":"ES256","kid":"kid-of-the-test-key","typ":"at+jwt"}'
    assert decoded(payload) == (
        b'{"iss":"urn:rescind:test","aud":"rescind-test","sub":"usr_uuuuuuuuuuuuuuuuuuuuuA",'
        b'"client_id":"first-party","iat":1799999900,"exp":1800000800,"jti":"tok_tttttttttttttttttttttA",'
        b'"sid":"ses_sssssssssssssssssssssA","ver":7,"scope":"orders:read orders:write",'
        b'"auth_time":1799999500}'
    )


def test_the_text_is_what_pyjwt_writes() -> None:
    headers = {"typ": "at+jwt", "kid": SIGNING_KEY.kid}

    token = jwt.encode(members(), SIGNING_KEY.private_key, algorithm="ES256", headers=headers)

    assert token.rpartition(".")[0] == LIVE.rpartition(".")[0]


def test_every_signature_is_64_bytes_with_low_s() -> None:
    # s is high by nature in every other signature, so none of 400 escapes by chance.
    each = [some_claims(ver=version) for version in range(400)]
    tokens = [sign_access_token(claims, key=SIGNING_KEY) for claims in each]

    signatures = [decoded(token.rpartition(".")[2]) for token in tokens]
    assert len(set(signatures)) == 400
    assert {len(raw) for raw in signatures} == {64}
    assert 0 in {raw[0] for raw in signatures}, "none begins with a zero"
    assert max(int.from_bytes(raw[32:]) for raw in signatures) <= ORDER // 2
    assert [verified(token) for token in tokens] == each


def test_a_signature_depends_on_nothing_but_the_key_and_the_text() -> None:
    # So no generator that sandboxes share can make two signatures with one nonce, which gives the key away.
    claims = [some_claims(), some_claims(ver=8)]

    once, again = ([sign_access_token(each, key=SIGNING_KEY) for each in claims] for _ in range(2))

    assert once == again
    assert once[0].rpartition(".")[2][:43] != once[1].rpartition(".")[2][:43], "one nonce for two texts"


def test_the_nonce_is_that_of_rfc_6979() -> None:
    """Its appendix A.2.5, P-256 with SHA-256."""
    key = ec.derive_private_key(
        0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, ec.SECP256R1()
    )

    r, _ = decode_dss_signature(key.sign(b"sample", ec.ECDSA(SHA256(), deterministic_signing=True)))

    assert r == 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716


def key_under_which_s_is(s: int) -> tuple[SigningKey, str]:
    """A key for which this s, with the generator for its point, signs the live claims; and the token."""
    text = LIVE.rpartition(".")[0]
    r = ec.derive_private_key(1, ec.SECP256R1()).public_key().public_numbers().x
    digest = int.from_bytes(hashlib.sha256(text.encode()).digest())
    private_key = ec.derive_private_key((s - digest) * pow(r, -1, ORDER) % ORDER, ec.SECP256R1())
    return SigningKey(SIGNING_KEY.kid, private_key), f"{text}.{encoded(r.to_bytes(32) + s.to_bytes(32))}"


def test_half_the_order_is_the_last_low_s() -> None:
    key, token = key_under_which_s_is(ORDER // 2)
    next_key, next_token = key_under_which_s_is(ORDER // 2 + 1)

    assert verified(token, key=key) == some_claims()
    with pytest.raises(InvalidTokenError) as refusal:
        verified(next_token, key=next_key)
    assert refusal.value.reason is Reason.BAD_SIGNATURE


def test_a_signature_is_of_es256_by_any_other_implementation() -> None:
    text, _, signature = LIVE.rpartition(".")
    raw = decoded(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))

    PUBLIC_KEY.verify(der, text.encode(), ec.ECDSA(SHA256()))


def test_an_expired_token_is_authentic_all_the_same() -> None:
    assert verified(LIVE, now=NOW + 10_000_000) == some_claims()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"iat": NOW + 60, "exp": NOW + 960}, id="issued 60 s ahead of our clock"),
        pytest.param({"iat": NOW, "exp": NOW + 3600}, id="as long a life as there is"),
        pytest.param({"iat": NOW, "exp": NOW + 1}, id="as short a life as there is"),
        pytest.param({"scope": ""}, id="no scope"),
        pytest.param({"scope": "x" * 512}, id="the longest scope"),
    ],
)
def test_a_token_at_a_bound_is_read_back(changes: dict[str, Any]) -> None:
    claims = some_claims(**changes)

    assert verified(sign_access_token(claims, key=SIGNING_KEY)) == claims


def test_the_kid_chooses_among_several_keys() -> None:
    other = SigningKey("kid-of-another-key", FOREIGN_KEY.private_key)
    keys = {SIGNING_KEY.kid: PUBLIC_KEY, other.kid: other.private_key.public_key()}
    token = sign_access_token(some_claims(), key=other)

    claims = verify_access_token(
        token, keys=keys, issuer=SETTINGS.issuer, audience=SETTINGS.audience, now=NOW
    )

    assert claims == some_claims()


def an_id(prefix: str) -> st.SearchStrategy[str]:
    return st.binary(min_size=16, max_size=16).map(lambda random: prefix + encoded(random))


@settings(deadline=None, max_examples=100)
@given(
    claims=st.builds(
        some_claims,
        sub=an_id("usr_"),
        sid=an_id("ses_"),
        jti=an_id("tok_"),
        iat=st.integers(NOW - 10_000, NOW + 60),
        ver=st.integers(0, 2**63),
        scope=st.text(max_size=200),
        client_id=st.text(min_size=1, max_size=200),
        auth_time=st.integers(0, NOW),
    ),
    life=st.integers(1, 3600),
)
def test_whatever_is_signed_is_read_back(claims: AccessTokenClaims, life: int) -> None:
    claims = some_claims(**{**asdict(claims), "exp": claims.iat + life})

    assert verified(sign_access_token(claims, key=SIGNING_KEY)) == claims


@settings(deadline=None, max_examples=200)
@given(
    st.text()
    | st.text(alphabet=BASE64URL + ".", max_size=300)
    | st.lists(st.binary().map(encoded), min_size=3, max_size=3).map(".".join)
)
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidTokenError):
        verified(text)


@settings(deadline=None, max_examples=400)
@given(
    position=st.integers(0, len(LIVE)),
    dropped=st.integers(0, 1),
    inserted=st.sampled_from(["", *BASE64URL, *".=+/ \n\0"]) | st.characters(),
)
@example(position=len(LIVE) - 1, dropped=1, inserted=signature_spelled_twice()[-1])
def test_one_character_more_less_or_other_makes_a_token_refused(
    position: int, dropped: int, inserted: str
) -> None:
    mutation = LIVE[:position] + inserted + LIVE[position + dropped :]

    try:
        verified(mutation)
    except InvalidTokenError:
        assert mutation != LIVE
    else:
        assert mutation == LIVE


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None, max_examples=300)
@given(random=st.randoms(use_true_random=False), steps=st.integers(1, 3))
def test_what_is_accepted_is_what_a_naive_encoder_would_write(random: Random, steps: int) -> None:
    token = LIVE
    for _ in range(steps):
        token = mutated_access_token(token, random)

    try:
        claims = verified(token)
    except InvalidTokenError:
        pass
    else:
        assert_is_the_one_spelling(token, claims)


@settings(deadline=None, max_examples=100)
@given(
    header=st.just({})
    | st.dictionaries(st.sampled_from([*HEADER, "b64", "crit", "jwk", "jku", "x5u"]), JSON_VALUES),
    payload=st.dictionaries(st.sampled_from([*members(), "nbf"]), JSON_VALUES) | JSON_VALUES,
    space=st.sampled_from(["", " ", "\n"]),
)
def test_any_json_under_a_good_signature_is_what_a_naive_encoder_would_write_or_refused(
    header: dict[str, object], payload: object, space: str
) -> None:
    whole = members(**payload) if isinstance(payload, dict) else payload
    token = signed(
        header=space + compact({**HEADER, **header}).decode(), payload=space + compact(whole).decode()
    )

    try:
        claims = verified(token)
    except InvalidTokenError:
        pass
    else:
        assert_is_the_one_spelling(token, claims)
