"""Hashes of other systems: what is kept can be read and paid for, and verifies what it verified there."""

import re
from unittest.mock import Mock

import bcrypt
import pytest
from argon2 import Type
from argon2.low_level import hash_secret
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rescind.rules.hash_parameters import HashParameters
from rescind.rules.imported_hashes import NO_PASSWORD, HashRefusedError, imported_hash, is_bcrypt
from rescind.rules.passwords import WrongPasswordError, needs_rehash, verify_password
from tests.things import PASSWORD

QUICK = HashParameters(memory_kib=64, iterations=1, parallelism=1)
SALT = b"0123456789abcdef"
BCRYPT = bcrypt.hashpw(PASSWORD.encode(), b"$2b$04$abcdefghijklmnopqrstuu").decode()


def argon2(
    password: str = PASSWORD,
    *,
    memory: int = 64,
    iterations: int = 2,
    lanes: int = 1,
    salt: bytes = SALT,
    tag_bytes: int = 32,
    kind: Type = Type.ID,
    version: int = 19,
) -> str:
    return hash_secret(
        password.encode(), salt, iterations, memory, lanes, tag_bytes, kind, version=version
    ).decode()


ARGON2 = argon2()


def of_bcrypt(kind: str, cost: str = "04") -> str:
    return BCRYPT.replace("$2b$04$", f"${kind}${cost}$")


ACCEPTED = {
    **{kind: of_bcrypt(kind) for kind in ("2a", "2b", "2y")},
    "argon2id": ARGON2,
    "argon2i": argon2(kind=Type.I),
    "argon2d": argon2(kind=Type.D),
    "argon2id of version 16": argon2(version=16),
    "argon2i of before versions": argon2(kind=Type.I, version=16).replace("v=16$", ""),
    "lanes": argon2(memory=128, lanes=16),
    "shortest": argon2(salt=b"8 bytes.", tag_bytes=16),
    "longest": argon2(salt=b"s" * 64, tag_bytes=64),
}
accepted = pytest.mark.parametrize("password_hash", ACCEPTED.values(), ids=ACCEPTED.keys())


@pytest.fixture
def no_dummy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash that is read costs its own time, and a dummy would come on top."""

    def fail(_: HashParameters) -> str:
        pytest.fail("the hash could not be read")

    monkeypatch.setattr("rescind.rules.passwords.dummy_hash", fail)


@accepted
@pytest.mark.usefixtures("no_dummy")
def test_a_hash_that_is_kept_verifies_the_password_of_before_and_no_other(password_hash: str) -> None:
    kept = imported_hash(password_hash)

    verify_password(PASSWORD, password_hash=kept, parameters=QUICK)
    with pytest.raises(WrongPasswordError, match=r"^no match$"):
        verify_password(PASSWORD + "!", password_hash=kept, parameters=QUICK)


@accepted
def test_a_hash_of_another_system_is_to_be_made_anew(password_hash: str) -> None:
    assert needs_rehash(password_hash, parameters=QUICK)


def test_a_hash_of_our_own_parameters_is_as_good_as_ours() -> None:
    assert not needs_rehash(imported_hash(argon2(iterations=1)), parameters=QUICK)


REFUSED = {
    "the password": PASSWORD,
    "bcrypt of 1997": of_bcrypt("2b").replace("$2b", "$2"),
    "bcrypt as crypt_blowfish got it wrong": of_bcrypt("2x"),
    "bcrypt below the least cost": of_bcrypt("2b", "03"),
    "bcrypt above the most": of_bcrypt("2b", "15"),
    "bcrypt of a cost of one digit": of_bcrypt("2b", "4"),
    "bcrypt in Arabic digits": of_bcrypt("2b", "\u0660\u0664"),
    "bcrypt cut off": BCRYPT[:-1],
    "bcrypt and a letter more": BCRYPT + "a",
    "bcrypt and a line": BCRYPT + "\n",
    "bcrypt with stray bits in the salt": BCRYPT[:28] + "v" + BCRYPT[29:],
    "bcrypt with stray bits in the hash": BCRYPT[:-1] + "/",
    "bcrypt after sha256": f"bcrypt_sha256${BCRYPT}",
    "argon2 in Django's spelling": f"argon2{ARGON2}",
    "argon2 of another kind": ARGON2.replace("argon2id", "argon2x"),
    "argon2 of another version": ARGON2.replace("v=19", "v=18"),
    "argon2 in another order": ARGON2.replace("m=64,t=2", "t=2,m=64"),
    "argon2 with a leading zero": ARGON2.replace("m=64", "m=064"),
    "argon2 with a key's name": ARGON2.replace("p=1", "p=1,keyid=AA"),
    "argon2 of no iterations": ARGON2.replace("t=2", "t=0"),
    "argon2 of a negative number": ARGON2.replace("t=2", "t=-2"),
    "argon2 of too much memory": ARGON2.replace("m=64", "m=262145"),
    "argon2 of too many iterations": ARGON2.replace("t=2", "t=11"),
    "argon2 of too many lanes": ARGON2.replace("m=64,t=2,p=1", "m=1024,t=2,p=17"),
    "argon2 of too little memory for its lanes": ARGON2.replace("m=64,t=2,p=1", "m=127,t=2,p=16"),
    "argon2 of a number without end": ARGON2.replace("m=64", "m=" + "9" * 5000),
    "argon2 of a short salt": "$argon2id$v=19$m=64,t=2,p=1$c2hvcnRzYQ$" + "A" * 43,
    "argon2 of a long salt": argon2(salt=b"s" * 65),
    "argon2 of a short hash": argon2(tag_bytes=15),
    "argon2 of a long hash": argon2(tag_bytes=65),
    "argon2 with padding": ARGON2 + "=",
    "argon2 that base64 cannot be": ARGON2 + "AA",
    "argon2 with stray bits": ARGON2[:-1] + "B",
    "argon2 without a hash": ARGON2[: ARGON2.rindex("$") + 1],
    "sha512crypt": "$6$rounds=5000$salt$hash",
    "scrypt": "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
    "the mark of no password": NO_PASSWORD,
    "a blank": " ",
    "half a character": "\ud800",
}


@pytest.mark.parametrize("given_hash", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_kept_is_refused_and_not_quoted(given_hash: str) -> None:
    with pytest.raises(HashRefusedError) as refused:
        imported_hash(given_hash)

    parts = {part for part in re.split(r"[$,]", given_hash) if len(part) > 10}
    assert not [part for part in parts if part in str(refused.value)]


@pytest.mark.parametrize("cost", [4, 14])
def test_the_least_and_the_most_cost_of_bcrypt_are_kept(cost: int) -> None:
    password_hash = of_bcrypt("2b", f"{cost:02}")

    assert imported_hash(password_hash) == password_hash
    assert is_bcrypt(password_hash)


def test_the_most_that_argon2_may_cost_is_kept() -> None:
    password_hash = ARGON2.replace("m=64,t=2,p=1", "m=262144,t=10,p=16")

    assert imported_hash(password_hash) == password_hash


def test_bcrypt_counts_72_bytes_as_the_system_did_that_made_the_hash() -> None:
    long = "\u00e4" * 35 + "\u20ac and so on"  # Byte 72 is in the middle of a character.
    made = bcrypt.hashpw(long.encode()[:72], b"$2b$04$abcdefghijklmnopqrstuu").decode()

    verify_password(long, password_hash=made, parameters=QUICK)
    verify_password(long + ", and more", password_hash=made, parameters=QUICK)
    with pytest.raises(WrongPasswordError):
        verify_password("\u00e4" * 35 + "\u00e9\u00e9", password_hash=made, parameters=QUICK)


@pytest.mark.parametrize("password", ["!", "", PASSWORD])
def test_who_has_no_password_cannot_log_in_and_is_refused_at_a_dummys_cost(
    monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    computed = Mock(return_value=ARGON2)
    monkeypatch.setattr("rescind.rules.passwords.dummy_hash", computed)

    with pytest.raises(WrongPasswordError):
        verify_password(password, password_hash=imported_hash(""), parameters=QUICK)

    computed.assert_called_once_with(QUICK)


@pytest.mark.parametrize("cost", ["03", "15", "31", "99"])
def test_a_bcrypt_hash_that_is_not_kept_is_not_computed_either(cost: str) -> None:
    """A row that somebody wrote by hand: 31 would take hours."""
    with pytest.raises(WrongPasswordError, match=r"^nothing to match$"):
        verify_password(PASSWORD, password_hash=of_bcrypt("2b", cost), parameters=QUICK)


made_hashes = st.builds(
    argon2,
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    memory=st.integers(128, 160),
    iterations=st.integers(1, 3),
    lanes=st.integers(1, 16),
    salt=st.binary(min_size=8, max_size=64),
    tag_bytes=st.integers(16, 64),
    kind=st.sampled_from(Type),
    version=st.sampled_from([16, 19]),
)


@settings(deadline=None, max_examples=100)
@given(made=made_hashes)
def test_whatever_argon2_makes_within_the_bounds_is_kept_as_it_is(made: str) -> None:
    assert imported_hash(made) == made


characters = st.sampled_from("$,=./+-0123456789AQgwaz\n\u00e9\u0664")


@settings(deadline=None, max_examples=400)
@given(
    made=st.sampled_from([*ACCEPTED.values()]),
    at=st.integers(0, 120),
    instead=st.text(characters, max_size=3),
    cut=st.integers(0, 3),
)
@example(made=ARGON2, at=14, instead="", cut=5)
def test_whatever_is_kept_can_be_read(made: str, at: int, instead: str, cut: int) -> None:
    """Or its user would be told for ever that a right password is wrong."""
    changed = made[:at] + instead + made[at + cut :]
    try:
        kept = imported_hash(changed)
    except HashRefusedError:
        return
    if not re.match(r"\$2.\$0[4-7]|.*m=[0-9]{1,4},|!", kept):
        return  # It would take long.

    try:
        verify_password(PASSWORD, password_hash=kept, parameters=QUICK)
    except WrongPasswordError as wrong:
        assert kept == NO_PASSWORD or str(wrong) == "no match"  # noqa: PT017 - either end is right
