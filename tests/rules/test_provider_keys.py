"""An issuer's JWK set: what may verify does, by its own algorithms; all else in it is passed over."""

import base64
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.rules.provider_keys import ProviderKey, provider_keys
from tests.issuers import a_key

RSA = a_key()
P256 = ec.derive_private_key(256, ec.SECP256R1())
P384 = ec.derive_private_key(384, ec.SECP384R1())
P521 = ec.derive_private_key(521, ec.SECP521R1())
K256 = ec.derive_private_key(256, ec.SECP256K1())
ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(b"e" * 32)
ED448 = ed448.Ed448PrivateKey.from_private_bytes(b"e" * 57)
KID = "kid-of-the-issuer"
SIGNED = b"what.is-signed"

EVERY_ALGORITHM = [
    *(f"{family}{bits}" for family in ("RS", "PS", "ES", "HS") for bits in (256, 384, 512)),
    *("EdDSA", "Ed25519", "ES256K", "none", "NONE", "rs256", ""),
]
RSA_ALGORITHMS = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}


def encoded(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def rsa_jwk(**members: Any) -> dict[str, Any]:
    numbers = RSA.public_key().public_numbers()
    return {"kty": "RSA", "n": encoded(numbers.n), "e": encoded(numbers.e), "kid": KID, **members}


def ec_jwk(key: ec.EllipticCurvePrivateKey = P256, **members: Any) -> dict[str, Any]:
    return {**jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": KID, **members}


def okp_jwk(key: ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey, **members: Any) -> dict[str, Any]:
    return {**jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": KID, **members}


def rsa_jwk_of(bits: int) -> dict[str, Any]:
    """Of a modulus that nobody has factors of: it is looked at for its length alone."""
    return rsa_jwk(n=encoded(2 ** (bits - 1) + 1))


def only_key(*jwks: object) -> ProviderKey | None:
    keys = provider_keys({"keys": list(jwks)})
    assert keys.keys() <= {KID}
    return keys.get(KID)


def pkcs1(digest: HashAlgorithm) -> bytes:
    return RSA.sign(SIGNED, padding.PKCS1v15(), digest)


def pss(digest: HashAlgorithm) -> bytes:
    return RSA.sign(SIGNED, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)


def ecdsa(key: ec.EllipticCurvePrivateKey, digest: HashAlgorithm) -> bytes:
    size = (key.curve.key_size + 7) // 8
    return b"".join(part.to_bytes(size) for part in decode_dss_signature(key.sign(SIGNED, ec.ECDSA(digest))))


SIGNATURES: dict[str, tuple[dict[str, Any], Callable[[], bytes]]] = {
    "RS256": (rsa_jwk(), lambda: pkcs1(SHA256())),
    "RS384": (rsa_jwk(), lambda: pkcs1(SHA384())),
    "RS512": (rsa_jwk(), lambda: pkcs1(SHA512())),
    "PS256": (rsa_jwk(), lambda: pss(SHA256())),
    "PS384": (rsa_jwk(), lambda: pss(SHA384())),
    "PS512": (rsa_jwk(), lambda: pss(SHA512())),
    "ES256": (ec_jwk(P256), lambda: ecdsa(P256, SHA256())),
    "ES384": (ec_jwk(P384), lambda: ecdsa(P384, SHA384())),
    "ES512": (ec_jwk(P521), lambda: ecdsa(P521, SHA512())),
    "EdDSA": (okp_jwk(ED25519), lambda: ED25519.sign(SIGNED)),
}


@pytest.mark.parametrize("algorithm", SIGNATURES)
def test_a_key_verifies_what_it_signed_by_the_algorithm_it_signed_with_and_by_no_other(
    algorithm: str,
) -> None:
    jwk, sign = SIGNATURES[algorithm]
    key, signature = only_key(jwk), sign()

    assert key is not None
    by = {each for each in EVERY_ALGORITHM if key.verifies(SIGNED, signature, algorithm=each)}
    assert by == {algorithm}
    assert not key.verifies(SIGNED + b"x", signature, algorithm=algorithm)


@pytest.mark.parametrize("signature", [b"", b"\0", bytes(64), bytes(256), b"x" * 6000], ids=len)
@pytest.mark.parametrize("algorithm", SIGNATURES)
def test_what_is_no_signature_is_none_whatever_its_length(algorithm: str, signature: bytes) -> None:
    key = only_key(SIGNATURES[algorithm][0])

    assert key is not None
    assert not key.verifies(SIGNED, signature, algorithm=algorithm)


@pytest.mark.parametrize(
    ("jwk", "algorithms"),
    [
        pytest.param(rsa_jwk(), RSA_ALGORITHMS, id="RSA"),
        pytest.param(ec_jwk(P256), {"ES256"}, id="P-256"),
        pytest.param(ec_jwk(P384), {"ES384"}, id="P-384"),
        pytest.param(ec_jwk(P521), {"ES512"}, id="P-521"),
        pytest.param(okp_jwk(ED25519), {"EdDSA"}, id="Ed25519"),
        pytest.param(rsa_jwk(alg="PS256"), {"PS256"}, id="RSA of one algorithm"),
        pytest.param(ec_jwk(alg="ES256"), {"ES256"}, id="P-256 of its algorithm"),
        pytest.param(rsa_jwk(use="sig"), RSA_ALGORITHMS, id="for signatures"),
        pytest.param(rsa_jwk(key_ops=["verify"]), RSA_ALGORITHMS, id="for verifying"),
        pytest.param(rsa_jwk(key_ops=["sign", "verify"]), RSA_ALGORITHMS, id="for signing and verifying"),
        pytest.param(rsa_jwk_of(2048), RSA_ALGORITHMS, id="2048 bits"),
        pytest.param(rsa_jwk_of(8192), RSA_ALGORITHMS, id="8192 bits"),
        pytest.param(rsa_jwk(x5c=["MIIC"], x5t="x", other={}), RSA_ALGORITHMS, id="with more members"),
    ],
)
def test_a_key_that_may_verify_has_the_algorithms_that_go_with_it(
    jwk: dict[str, Any], algorithms: set[str]
) -> None:
    key = only_key(jwk)

    assert key is not None
    assert set(key.algorithms) == algorithms


NO_KEYS: dict[str, Any] = {
    "a private RSA key": {
        **jwt.algorithms.RSAAlgorithm.to_jwk(RSA, as_dict=True),
        "key_ops": ["verify"],
        "kid": KID,
    },
    "a private EC key": {**jwt.algorithms.ECAlgorithm.to_jwk(P256, as_dict=True), "kid": KID},
    "a private Ed25519 key, whole": {**jwt.algorithms.OKPAlgorithm.to_jwk(ED25519, as_dict=True), "kid": KID},
    "a private EC key of another": ec_jwk(d="AQAB"),
    "half a private RSA key": rsa_jwk(d="AQAB"),
    "a private key that is null": rsa_jwk(d=None),
    "a private Ed25519 key": okp_jwk(ED25519, d="AQAB"),
    "for encryption": rsa_jwk(use="enc"),
    "for what is null": rsa_jwk(use=None),
    "for wrapping": rsa_jwk(key_ops=["wrapKey"]),
    "for nothing": rsa_jwk(key_ops=[]),
    "for what is text": rsa_jwk(key_ops="verify"),
    "for what is null, too": rsa_jwk(key_ops=None),
    "a secret": {"kty": "oct", "k": "c2VjcmV0", "kid": KID},
    "a secret of HS256": {"kty": "oct", "k": "c2VjcmV0", "kid": KID, "alg": "HS256"},
    "a secret without one": {"kty": "oct", "kid": KID},
    "1024 bits": rsa_jwk_of(1024),
    "2047 bits": rsa_jwk_of(2047),
    "8193 bits": rsa_jwk_of(8193),
    "an exponent of 1": rsa_jwk(e="AQ"),
    "an even exponent": rsa_jwk(e="Ag"),
    "no exponent": {name: value for name, value in rsa_jwk().items() if name != "e"},
    "no modulus": {name: value for name, value in rsa_jwk().items() if name != "n"},
    "a modulus that is a number": rsa_jwk(n=12345),
    "a modulus that is no base64": rsa_jwk(n="\u00e9"),
    "a point that is on no curve": ec_jwk(x="AQ", y="AQ"),
    "half a point": ec_jwk(y=""),
    "a point of another curve": ec_jwk(crv="P-384"),
    "a curve that is unknown": ec_jwk(crv="P-192"),
    "a curve of coins": ec_jwk(K256),
    "a curve of coins, and its alg": ec_jwk(K256, alg="ES256K"),
    "a curve that is a list": ec_jwk(crv=["P-256"]),
    "Ed448": okp_jwk(ED448),
    "X25519": okp_jwk(ED25519, crv="X25519"),
    "a kty that is unknown": rsa_jwk(kty="rsa"),
    "a kty of another": rsa_jwk(kty="EC"),
    "a kty that is a list": rsa_jwk(kty=["RSA"]),
    "no kty": {name: value for name, value in rsa_jwk().items() if name != "kty"},
    "an alg of another kind": rsa_jwk(alg="ES256"),
    "an alg of another curve": ec_jwk(alg="ES384"),
    "an alg of a secret": rsa_jwk(alg="HS256"),
    "an alg for encryption": rsa_jwk(alg="RSA-OAEP"),
    "the alg none": rsa_jwk(alg="none"),
    "an alg that is null": rsa_jwk(alg=None),
    "an alg that is a list": rsa_jwk(alg=["RS256"]),
    "no kid": {name: value for name, value in rsa_jwk().items() if name != "kid"},
    "a kid that is null": rsa_jwk(kid=None),
    "a kid that is a number": rsa_jwk(kid=1),
    "a kid that is a list": rsa_jwk(kid=[KID]),
    "an empty object": {},
    "text": "key",
    "null": None,
    "a list": [rsa_jwk()],
}


@pytest.mark.parametrize("jwk", [pytest.param(jwk, id=name) for name, jwk in NO_KEYS.items()])
def test_what_may_not_verify_is_passed_over_and_costs_no_other_key(jwk: object) -> None:
    keys = provider_keys({"keys": [jwk, ec_jwk(kid="another")]})

    assert keys.keys() == {"another"}


def test_keys_that_share_a_name_are_no_keys_even_where_one_of_them_is_none() -> None:
    assert provider_keys({"keys": [rsa_jwk(), ec_jwk(), ec_jwk(kid="another")]}).keys() == {"another"}
    assert only_key(rsa_jwk(), rsa_jwk()) is None
    assert only_key(rsa_jwk(), rsa_jwk(use="enc")) is None


def test_a_set_has_its_keys_by_name() -> None:
    keys = provider_keys({"keys": [rsa_jwk(kid="one"), ec_jwk(kid="two"), ec_jwk(P384, kid="")]})

    assert {kid: key.algorithms[0] for kid, key in keys.items()} == {
        "one": "RS256",
        "two": "ES256",
        "": "ES384",
    }
    assert isinstance(keys["one"].key, rsa.RSAPublicKey)


@pytest.mark.parametrize(
    "key_set",
    [
        pytest.param({}, id="no keys"),
        pytest.param({"keys": []}, id="an empty list"),
        pytest.param({"keys": None}, id="null"),
        pytest.param({"keys": {KID: rsa_jwk()}}, id="an object"),
        pytest.param({"keys": "keys"}, id="text"),
        pytest.param(rsa_jwk(), id="a key and no set"),
    ],
)
def test_what_is_no_set_has_no_keys(key_set: dict[str, Any]) -> None:
    assert provider_keys(key_set) == {}


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 1.5, "", "A", "AQAB", "\u00e9", "\ud800", "==", [], {}, ["sig"]]
)
NAMES = st.sampled_from(["kty", "crv", "n", "e", "x", "y", "k", "d", "alg", "use", "key_ops", "kid", "oth"])
WORDS = st.sampled_from(
    [*EVERY_ALGORITHM, "RSA", "EC", "OKP", "oct", "P-256", "P-521", "Ed448", "X448", "sig"]
)


@settings(deadline=None, max_examples=300)
@given(
    base=st.sampled_from([rsa_jwk(), ec_jwk(), okp_jwk(ED25519), {"kty": "oct", "k": "AAAA", "kid": KID}]),
    changes=st.dictionaries(NAMES, ODD | WORDS, max_size=3),
    left_out=st.sets(NAMES, max_size=2),
)
def test_whatever_a_set_holds_there_is_an_answer(
    base: dict[str, Any], changes: dict[str, Any], left_out: set[str]
) -> None:
    jwk = {name: value for name, value in {**base, **changes}.items() if name not in left_out}

    for key in provider_keys({"keys": [jwk]}).values():
        assert set(key.algorithms) <= SIGNATURES.keys()
        assert jwk.get("alg", key.algorithms[0]) in key.algorithms
        assert "d" not in jwk
        assert jwk.get("use", "sig") == "sig"
