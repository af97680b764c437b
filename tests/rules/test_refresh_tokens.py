"""A refresh token is its own lineage and a mac: what we signed is read back, and nothing else is."""

import base64
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rescind.reasons import Reason
from rescind.rules.access_tokens import InvalidTokenError, sign_access_token
from rescind.rules.refresh_tokens import (
    MacKey,
    RefreshToken,
    sign_refresh_token,
    unverified_refresh_token,
    verify_refresh_token,
)
from tests.fuzz.forger import BASE64URL, with_good_mac
from tests.fuzz.mutations import mutated_refresh_token
from tests.things import MAC_KEY, SESSION_ID, SIGNING_KEY, USER_ID, some_claims

LIVE = sign_refresh_token(USER_ID, SESSION_ID, 4, key=MAC_KEY)
SIGNED, _, MAC = LIVE.rpartition(".")


def of_counter(counter: str) -> str:
    return with_good_mac(f"r1.{MAC_KEY.key_id}.{USER_ID}.{SESSION_ID}.{counter}")


def test_a_signed_token_is_read_back() -> None:
    token = verify_refresh_token(LIVE, key=MAC_KEY)

    assert token == RefreshToken(MAC_KEY.key_id, USER_ID, SESSION_ID, 4)


def test_a_mac_key_does_not_show_its_secret() -> None:
    assert repr(MAC_KEY) == f"MacKey(key_id={MAC_KEY.key_id!r})"


def test_a_token_is_its_lineage_and_the_hmac_sha256_of_it() -> None:
    signed = f"r1.{MAC_KEY.key_id}.{USER_ID}.{SESSION_ID}.4"

    assert with_good_mac(signed) == LIVE


def test_the_same_counter_gives_the_same_token_again() -> None:
    assert sign_refresh_token(USER_ID, SESSION_ID, 4, key=MAC_KEY) == LIVE


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("." * 5, id="only dots"),
        pytest.param(SIGNED, id="no mac"),
        pytest.param(SIGNED + ".", id="an empty mac"),
        pytest.param(f"{SIGNED}.{MAC[:-1]}", id="a short mac"),
        pytest.param(f"{SIGNED}.{MAC}A", id="a long mac"),
        pytest.param(f"{LIVE}=", id="a padded mac"),
        pytest.param(f"{SIGNED}.{MAC[:-1]}:", id="a mac with a colon"),
        pytest.param(f"{SIGNED}:{MAC}", id="a colon before its mac"),
        pytest.param(with_good_mac(SIGNED.replace(".", ":")), id="colons between its parts"),
        pytest.param(with_good_mac(SIGNED.replace("r1.", "r1:")), id="a colon behind its version"),
        pytest.param(with_good_mac(SIGNED.replace("mA.", "mA:")), id="a colon behind its key id"),
        pytest.param(with_good_mac(SIGNED.replace("uA.", "uA:")), id="a colon behind its user id"),
        pytest.param(with_good_mac(SIGNED.replace("sA.", "sA:")), id="a colon behind its session id"),
        pytest.param(f"{LIVE}.x", id="a part more"),
        pytest.param(LIVE + "\n", id="a newline at its end"),
        pytest.param(" " + LIVE, id="a space before it"),
        pytest.param(LIVE.replace("uuu", "uu\0"), id="a NUL"),
        pytest.param(LIVE.replace("uuu", "uu\ud800"), id="a lone surrogate"),
        pytest.param(LIVE.replace("uuu", "uu\u00e9"), id="a letter that is not ASCII"),
        pytest.param("r1." * 3000, id="9 kB"),
        pytest.param(sign_access_token(some_claims(), key=SIGNING_KEY), id="an access token"),
        pytest.param(with_good_mac(f"r2{SIGNED[2:]}"), id="another version"),
        pytest.param(with_good_mac(f"R1{SIGNED[2:]}"), id="capitals"),
        pytest.param(with_good_mac(SIGNED.replace("mac_", "kid_")), id="another kind of key id"),
        pytest.param(with_good_mac(SIGNED.replace("usr_", "tok_")), id="another kind of user id"),
        pytest.param(with_good_mac(SIGNED.replace("ses_", "tok_")), id="another kind of session id"),
        pytest.param(with_good_mac(SIGNED.replace("uA.", "uB.")), id="a user id that is no 128 bits"),
        pytest.param(with_good_mac(SIGNED.replace("sA.", "A.")), id="a short session id"),
        pytest.param(with_good_mac(SIGNED.replace("sss", "s/s")), id="the other base64 alphabet"),
        pytest.param(of_counter("0"), id="counter 0"),
        pytest.param(of_counter("04"), id="counter with a leading zero"),
        pytest.param(of_counter("-4"), id="counter below 0"),
        pytest.param(of_counter("+4"), id="counter with a sign"),
        pytest.param(of_counter("4.0"), id="counter with a fraction"),
        pytest.param(of_counter("4e1"), id="counter with an exponent"),
        pytest.param(of_counter("1_0"), id="counter with an underscore"),
        pytest.param(of_counter("12345678901"), id="counter of 11 digits"),
        pytest.param(of_counter("\u0664"), id="counter in other digits"),
        pytest.param(of_counter(""), id="no counter"),
    ],
)
def test_a_text_of_another_form_is_refused_before_its_mac_is_looked_at(text: str) -> None:
    with pytest.raises(InvalidTokenError) as by_mac:
        verify_refresh_token(text, key=MAC_KEY)
    with pytest.raises(InvalidTokenError) as by_form:
        unverified_refresh_token(text)

    assert by_mac.value.reason is by_form.value.reason is Reason.MALFORMED


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SIGNED[:-1] + f"5.{MAC}", id="the next counter"),
        pytest.param(LIVE.replace("uA.", "uQ."), id="another user"),
        pytest.param(LIVE.replace("sA.", "sQ."), id="another session"),
        pytest.param(LIVE.replace("mA.", "mQ."), id="another key's id"),
        pytest.param(f"{SIGNED}.{'A' * 43}", id="a mac of zeros"),
        pytest.param(LIVE[:-1] + BASE64URL[BASE64URL.index(LIVE[-1]) + 1], id="a second spelling of the mac"),
        pytest.param(
            sign_refresh_token(USER_ID, SESSION_ID, 4, key=MacKey(MAC_KEY.key_id, b"n" * 32)),
            id="another secret",
        ),
        pytest.param(
            sign_refresh_token(USER_ID, SESSION_ID, 4, key=MacKey("mac_" + "n" * 21 + "A", MAC_KEY.secret)),
            id="the id of a later key",
        ),
        pytest.param(
            sign_refresh_token(USER_ID, SESSION_ID, 4, key=MacKey("mac_" + "l" * 21 + "A", MAC_KEY.secret)),
            id="the id of an earlier key",
        ),
    ],
)
def test_a_token_that_this_key_did_not_sign_is_refused(text: str) -> None:
    with pytest.raises(InvalidTokenError) as refusal:
        verify_refresh_token(text, key=MAC_KEY)

    assert refusal.value.reason is Reason.BAD_SIGNATURE


def test_a_forged_token_may_be_read_to_choose_its_key() -> None:
    token = unverified_refresh_token(f"{SIGNED}.{'A' * 43}")

    assert token.key_id == MAC_KEY.key_id


def an_id(prefix: str) -> st.SearchStrategy[str]:
    return st.binary(min_size=16, max_size=16).map(
        lambda random: prefix + base64.urlsafe_b64encode(random).rstrip(b"=").decode()
    )


@settings(deadline=None, max_examples=100)
@given(
    key=st.builds(MacKey, an_id("mac_"), st.binary(min_size=32, max_size=32)),
    user_id=an_id("usr_"),
    session_id=an_id("ses_"),
    counter=st.integers(1, 9_999_999_999),
)
def test_whatever_is_signed_is_read_back(key: MacKey, user_id: str, session_id: str, counter: int) -> None:
    text = sign_refresh_token(user_id, session_id, counter, key=key)

    assert verify_refresh_token(text, key=key) == RefreshToken(key.key_id, user_id, session_id, counter)
    assert unverified_refresh_token(text) == RefreshToken(key.key_id, user_id, session_id, counter)


@settings(deadline=None, max_examples=200)
@given(st.text() | st.text(alphabet=BASE64URL + ".", max_size=200))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidTokenError):
        verify_refresh_token(text, key=MAC_KEY)


@settings(deadline=None, max_examples=400)
@given(
    position=st.integers(0, len(LIVE)),
    dropped=st.integers(0, 1),
    inserted=st.sampled_from(["", *BASE64URL, *".=+/ \n\0"]) | st.characters(),
)
@example(position=len(LIVE) - 1, dropped=1, inserted=BASE64URL[BASE64URL.index(LIVE[-1]) + 1])
def test_one_character_more_less_or_other_makes_a_token_refused(
    position: int, dropped: int, inserted: str
) -> None:
    mutation = LIVE[:position] + inserted + LIVE[position + dropped :]

    try:
        verify_refresh_token(mutation, key=MAC_KEY)
    except InvalidTokenError:
        assert mutation != LIVE
    else:
        assert mutation == LIVE


@settings(deadline=None, max_examples=300)
@given(random=st.randoms(use_true_random=False), steps=st.integers(1, 3))
def test_under_a_good_mac_there_is_one_spelling(random: Random, steps: int) -> None:
    text = LIVE
    for _ in range(steps):
        text = mutated_refresh_token(text, random)

    try:
        token = verify_refresh_token(text, key=MAC_KEY)
    except InvalidTokenError:
        pass
    else:
        fields = ("r1", token.key_id, token.user_id, token.session_id, str(token.counter))
        assert text == with_good_mac(".".join(fields))
