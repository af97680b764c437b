"""A token of another issuer: what is signed by a key of its own is taken apart, and all else is refused."""

import hmac
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.reasons import Reason
from rescind.rules.access_tokens import InvalidTokenError
from rescind.rules.issuer_tokens import IssuerToken, digest_of, verify_issuer_token
from rescind.rules.refresh_tokens import sign_refresh_token
from rescind.unavailable import UnavailableError
from tests.fuzz.foreign_tokens import (
    ID_TOKEN,
    OTHER_ISSUER,
    OTHER_KEY,
    TRUSTED,
    KnownKeys,
    digest,
    header,
    id_token,
    signed,
)
from tests.fuzz.forger import (
    BASE64URL,
    PUBLIC_KEY,
    compact,
    encoded,
    high_s_twin,
    second_spelling,
    with_signature,
)
from tests.fuzz.mutations import FOREIGN_KEY
from tests.issuers import ISSUER
from tests.things import MAC_KEY, NOW, SESSION_ID, SIGNING_KEY, USER_ID

PUBLIC_PEM = PUBLIC_KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
LIVE = signed()
CLAIMS_JSON = compact(dict(ID_TOKEN)).decode()


def verified(token: str, keys: KnownKeys | None = None) -> IssuerToken:
    return verify_issuer_token(token, issuers=TRUSTED, keys=keys or KnownKeys(), now=NOW)


def with_header(**changes: Any) -> str:
    return signed(head=header(**changes))


def claims_ending_in(text: str) -> str:
    """The live claims with this JSON text behind their last member."""
    return signed(f"{CLAIMS_JSON[:-1]}{text}}}")


def under_the_public_key_as_a_secret(algorithm: str) -> str:
    text = f"{encoded(compact(header(alg=algorithm)))}.{LIVE.split('.')[1]}"
    return f"{text}.{encoded(hmac.digest(PUBLIC_PEM, text.encode(), 'sha256'))}"


def padded(part: int) -> str:
    parts = LIVE.split(".")
    parts[part] += "=" * (-len(parts[part]) % 4 or 4)
    return ".".join(parts)


NONE = encoded(compact(header(alg="none")))

HOSTILE: dict[str, tuple[str, Reason]] = {
    # The text as a whole
    **{
        name: (token, Reason.MALFORMED)
        for name, token in {
            "nothing": "",
            "no dots": "token",
            "only dots": "..",
            "a refresh token of ours": sign_refresh_token(USER_ID, SESSION_ID, 4, key=MAC_KEY),
            "two parts": LIVE.rpartition(".")[0],
            "four parts": f"{LIVE}.x",
            "five parts, as an encrypted one has": f"{LIVE}.x.y",
            "an empty header": ".{1}.{2}".format(*LIVE.split(".")),
            "empty claims": "{0}..{2}".format(*LIVE.split(".")),
            "an empty signature": LIVE.rpartition(".")[0] + ".",
            "alg none without a signature": f"{NONE}.{LIVE.split('.')[1]}.",
            "a newline at its end": LIVE + "\n",
            "a space before it": " " + LIVE,
            "a NUL within it": LIVE.replace(".", ".\0", 1),
            "a letter that is not ASCII": LIVE.replace(".", ".\u00e9", 1),
            "a digit that is not ASCII": LIVE.replace(".", ".\u0661", 1),
            "another sign behind its header": with_signature(LIVE.rpartition(".")[0].replace(".", "!")),
            "another sign behind its claims": "!".join(LIVE.rsplit(".", 1)),
            "a lone surrogate": LIVE.replace(".", ".\ud800", 1),
            "the other base64 alphabet": LIVE[:-1] + "+",
            "8193 characters": "a.a." + "a" * 8189,
            "9 kB, signed": id_token(x="x" * 6500),
            "padding behind its header": padded(0),
            "padding behind its claims": padded(1),
            "padding behind its signature": padded(2),
            "a header of a length that base64 has not": with_signature(f"A.{LIVE.split('.')[1]}"),
            "claims of a length that base64 has not": with_signature(f"{LIVE.split('.')[0]}.AAAAA"),
            "a signature of a length that base64 has not": f"{LIVE.rpartition('.')[0]}.AAAAA",
            # Its header
            "no alg": with_header(alg=...),
            "an alg that is null": with_header(alg=None),
            "an alg that is a list": with_header(alg=["ES256"]),
            "no kid": with_header(kid=...),
            "a kid that is null": with_header(kid=None),
            "a kid that is a number": with_header(kid=1),
            "a kid that is a list": with_header(kid=[SIGNING_KEY.kid]),
            "a kid that is an object": with_header(kid={}),
            "a typ that is null": with_header(typ=None),
            "a typ that is a list": with_header(typ=["JWT"]),
            "an extension that is critical": with_header(crit=["exp"]),
            "a list of critical extensions that is empty": with_header(crit=[]),
            "critical extensions that are null": with_header(crit=None),
            "a member of its header twice": signed(head=compact(header())[:-1] + b',"alg":"ES256"}'),
            "a header that is a list": signed(head=["alg", "kid"]),
            "a header that is text": signed(head='"alg"'),
            "a header that is no JSON": signed(head="alg: ES256"),
            "a header of 5,000 brackets": signed(head="[" * 5000),
            "a header in UTF-16": signed(head=compact(header()).decode().encode("utf-16")),
            # Its claims
            "a claim twice": claims_ending_in(f',"sub":"{ID_TOKEN["sub"]}"'),
            "a claim twice, spelled with an escape": claims_ending_in(',"\\u0073ub":"x"'),
            "a member twice, deep inside": claims_ending_in(',"x":[{"a":1,"a":1}]'),
            "claims that are a list": signed([dict(ID_TOKEN)]),
            "claims that are null": signed("null"),
            "claims that are a number": signed("1"),
            "claims that are no JSON": signed("claims"),
            "two JSON values": signed(CLAIMS_JSON + "{}"),
            "a BOM before its claims": signed(b"\xef\xbb\xbf" + CLAIMS_JSON.encode()),
            "bytes that are not UTF-8": signed(CLAIMS_JSON.encode().replace(b"client", b"\xff\xfe")),
            "a surrogate as bytes": signed(CLAIMS_JSON.encode().replace(b"client", b"\xed\xa0\x80")),
            "5,000 brackets": signed("[" * 5000),
            "objects that are nested deeply": signed('{"a":' * 1100 + "1" + "}" * 1100),
            "a claim that is nested deeply": claims_ending_in(',"x":' + "[" * 2000 + "]" * 2000),
            "a claim that is not a number": claims_ending_in(',"x":NaN'),
            "a claim without end": claims_ending_in(',"x":-Infinity'),
            "a number of 4500 digits": claims_ending_in(',"x":' + "9" * 4500),
        }.items()
    },
    # Whose it is
    "no iss": (id_token(iss=...), Reason.UNKNOWN_ISSUER),
    "an iss that is null": (id_token(iss=None), Reason.UNKNOWN_ISSUER),
    "an iss that is a list": (id_token(iss=[ISSUER]), Reason.UNKNOWN_ISSUER),
    "an iss that is an object": (id_token(iss={}), Reason.UNKNOWN_ISSUER),
    "an iss that is a number": (id_token(iss=1), Reason.UNKNOWN_ISSUER),
    "an iss with a lone surrogate": (id_token(iss="\ud800"), Reason.UNKNOWN_ISSUER),
    "an issuer that is not trusted": (id_token(iss="https://id.example.net/pool"), Reason.UNKNOWN_ISSUER),
    "its issuer and a slash": (id_token(iss=f"{ISSUER}/"), Reason.UNKNOWN_ISSUER),
    "its issuer in capitals": (id_token(iss=ISSUER.upper()), Reason.UNKNOWN_ISSUER),
    "no claims at all": (signed({}), Reason.UNKNOWN_ISSUER),
    # Its key
    "an unknown kid": (with_header(kid="other"), Reason.UNKNOWN_KEY),
    "an empty kid": (with_header(kid=""), Reason.UNKNOWN_KEY),
    "a kid with a lone surrogate": (with_header(kid="\ud800"), Reason.UNKNOWN_KEY),
    "a kid that is a path": (with_header(kid="../../dev/null"), Reason.UNKNOWN_KEY),
    "the kid of another issuer": (with_header(kid=OTHER_KEY.kid), Reason.UNKNOWN_KEY),
    "a key of another issuer": (
        signed(head=header(kid=OTHER_KEY.kid), key=OTHER_KEY),
        Reason.UNKNOWN_KEY,
    ),
    # Its signature
    "a key of another issuer under a kid of its own": (signed(key=OTHER_KEY), Reason.BAD_SIGNATURE),
    "another issuer's name under a key that is not its own": (
        signed({**ID_TOKEN, "iss": OTHER_ISSUER}, header(kid=OTHER_KEY.kid)),
        Reason.BAD_SIGNATURE,
    ),
    "a foreign key": (signed(key=FOREIGN_KEY), Reason.BAD_SIGNATURE),
    "another token's signature": (
        f"{LIVE.rpartition('.')[0]}.{id_token(sub='other').rpartition('.')[2]}",
        Reason.BAD_SIGNATURE,
    ),
    "a signature of zeros": (f"{LIVE.rpartition('.')[0]}.{encoded(bytes(64))}", Reason.BAD_SIGNATURE),
    "a signature that is too short": (f"{LIVE.rpartition('.')[0]}.AA", Reason.BAD_SIGNATURE),
    "a signature that is too long": (f"{LIVE}AAAA", Reason.BAD_SIGNATURE),
    "alg none with a good signature": (with_header(alg="none"), Reason.BAD_SIGNATURE),
    "alg none in capitals": (with_header(alg="NONE"), Reason.BAD_SIGNATURE),
    "an empty alg": (with_header(alg=""), Reason.BAD_SIGNATURE),
    "its alg in lower case": (with_header(alg="es256"), Reason.BAD_SIGNATURE),
    "the alg of another key": (with_header(alg="RS256"), Reason.BAD_SIGNATURE),
    "the alg of another curve": (with_header(alg="ES384"), Reason.BAD_SIGNATURE),
    "the alg of a secret": (with_header(alg="HS256"), Reason.BAD_SIGNATURE),
    "the public key as the secret of HS256": (
        under_the_public_key_as_a_secret("HS256"),
        Reason.BAD_SIGNATURE,
    ),
    "the public key as the secret, said to be ES256": (
        under_the_public_key_as_a_secret("ES256"),
        Reason.BAD_SIGNATURE,
    ),
}


def test_what_an_issuer_signed_is_taken_apart() -> None:
    keys = KnownKeys()

    token = verified(LIVE, keys)

    assert token.issuer is TRUSTED[ISSUER]
    assert token.claims == ID_TOKEN
    assert token.type == "jwt"
    assert keys.asked == [(ISSUER, SIGNING_KEY.kid)]


def test_each_letter_of_base64url_may_be_in_it() -> None:
    text = "".join("???>>>~~~"[shift:] for shift in range(3))
    token = signed({**ID_TOKEN, "x": text}, header(x=text))

    assert all({"-", "_"} <= set(part) for part in token.split(".")[:2])
    assert verified(token).claims["x"] == text


def test_what_a_token_says_of_its_user_is_not_printed() -> None:
    assert "private@example.com" not in repr(verified(id_token(email="private@example.com")))


@pytest.mark.parametrize(
    ("token", "reason"), [pytest.param(*case, id=name) for name, case in HOSTILE.items()]
)
def test_a_hostile_text_is_refused_and_the_log_learns_why(token: str, reason: Reason) -> None:
    with pytest.raises(InvalidTokenError) as refusal:
        verified(token)

    assert refusal.value.reason is reason


@pytest.mark.parametrize(
    "name",
    [name for name, (token, why) in HOSTILE.items() if why is Reason.MALFORMED and "signature" not in name],
)
def test_what_is_malformed_asks_no_issuer_for_keys(name: str) -> None:
    keys = KnownKeys()

    with pytest.raises(InvalidTokenError):
        verified(HOSTILE[name][0], keys)

    assert keys.asked == []


def test_whom_we_do_not_trust_is_not_asked_for_keys() -> None:
    keys = KnownKeys()

    with pytest.raises(InvalidTokenError):
        verified(id_token(iss="https://id.example.net/pool"), keys)

    assert keys.asked == []


def test_what_no_issuer_says_is_believed_where_keys_are_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise UnavailableError("no answer")

    monkeypatch.setattr(KnownKeys, "key_of", away)

    with pytest.raises(UnavailableError):
        verified(LIVE)


@pytest.mark.parametrize(
    ("typ", "type_"),
    [
        pytest.param(..., "", id="none"),
        pytest.param("", "", id="empty"),
        pytest.param("JWT", "jwt", id="capitals"),
        pytest.param("application/AT+jwt", "at+jwt", id="a media type"),
        pytest.param("application/application/jwt", "application/jwt", id="a media type of another kind"),
        pytest.param("x-application/jwt", "x-application/jwt", id="what only ends as one"),
    ],
)
def test_the_type_is_that_of_the_header_however_it_is_written(typ: object, type_: str) -> None:
    assert verified(with_header(typ=typ)).type == type_


def test_the_keys_of_each_issuer_are_its_own() -> None:
    token = signed({**ID_TOKEN, "iss": OTHER_ISSUER}, header(kid=OTHER_KEY.kid), key=OTHER_KEY)

    assert verified(token).issuer is TRUSTED[OTHER_ISSUER]


def test_8192_characters_are_the_most() -> None:
    # Base64 has not every length, so a header is made longer, too.
    lengths = {
        len(token): token
        for more in range(3)
        for size in range(5830, 5860)
        if len(token := signed({**ID_TOKEN, "x": "x" * size}, header(x="x" * more))) in {8192, 8193}
    }

    assert verified(lengths[8192]).claims["sub"] == ID_TOKEN["sub"]
    with pytest.raises(InvalidTokenError):
        verified(lengths[8193])


# What makes two texts one token


def test_the_digest_is_of_what_is_signed_and_of_the_form_that_rows_have() -> None:
    assert verified(LIVE).digest == digest(LIVE)
    assert digest_of("a", "b") == "WbJxrhu8sdMdQZKYF_Sxb7Q5608xUgta0dXOmJIKcTg"


def test_the_twin_of_a_signature_verifies_and_is_the_same_token() -> None:
    twin = high_s_twin(LIVE)

    assert twin != LIVE
    assert verified(twin).digest == verified(LIVE).digest


def test_another_spelling_of_a_signature_is_the_same_token() -> None:
    text, _, signature = LIVE.rpartition(".")
    other = f"{text}.{second_spelling(signature)}"

    assert other != LIVE
    assert verified(other).digest == verified(LIVE).digest


def test_what_is_signed_in_another_way_is_another_token() -> None:
    assert verified(with_header(x=1)).digest != verified(LIVE).digest


@settings(max_examples=50)
@given(parts=st.lists(st.text(alphabet="ab \0", max_size=3), min_size=1, max_size=3), cut=st.integers(0, 9))
def test_parts_that_are_cut_in_another_place_have_another_digest(parts: list[str], cut: int) -> None:
    whole = "".join(parts).replace("\0", "")
    cut %= len(whole) + 1

    assert (digest_of(whole[:cut], whole[cut:]) == digest_of(whole, "")) == (cut == len(whole))


# A token's claims, one by one


@pytest.mark.parametrize("value", [0, 1, NOW, 2**53])
def test_a_time_is_an_integer_of_so_many_seconds(value: int) -> None:
    assert verified(id_token(iat=value)).time("iat") == value


ODD_TIMES = [
    pytest.param(..., id="none"),
    *(
        pytest.param(value, id=name)
        for name, value in {
            "null": None,
            "true": True,
            "false": False,
            "text": str(NOW),
            "empty": "",
            "float": float(NOW),
            "fraction": NOW + 0.5,
            "too large for a number": 1e308,
            "negative": -1,
            "huge": 2**53 + 1,
            "400 digits": 10**400,
            "list": [NOW],
            "object": {"seconds": NOW},
        }.items()
    ),
]


@pytest.mark.parametrize("value", ODD_TIMES)
def test_anything_else_is_no_time(value: object) -> None:
    with pytest.raises(InvalidTokenError) as refusal:
        verified(id_token(iat=value)).time("iat")

    assert refusal.value.reason is Reason.WRONG_CLAIMS


@pytest.mark.parametrize("value", ["x", "x" * 255, " ", "~", "auth0|1", "a b"])
def test_an_identifier_is_printable_ascii(value: str) -> None:
    assert verified(id_token(sub=value)).text("sub") == value


@pytest.mark.parametrize("value", [..., None], ids=["none", "null"])
def test_an_identifier_need_not_be_there(value: object) -> None:
    assert verified(id_token(sub=value)).text("sub") is None


@pytest.mark.parametrize(
    "value",
    ["", "x" * 256, "\u00e9", "\x7f", "\n", "a\0b", "\ud800", 1, True, [], ["x"], {}, 1.5],
    ids=repr,
)
def test_anything_else_is_no_identifier(value: object) -> None:
    with pytest.raises(InvalidTokenError) as refusal:
        verified(id_token(sub=value)).text("sub")

    assert refusal.value.reason is Reason.WRONG_CLAIMS


@settings(deadline=None, max_examples=200)
@given(
    st.text()
    | st.text(alphabet=BASE64URL + ".", max_size=300)
    | st.lists(st.binary().map(encoded), min_size=3, max_size=3).map(".".join)
)
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidTokenError):
        verified(text)
