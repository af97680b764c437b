"""RFC 8265: what a user takes for the same name or password is the same, and the rest is told apart."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescind.rules.preparation import NotPreparedError, prepare_password, prepare_username


@pytest.mark.parametrize(
    ("given", "prepared"),
    [
        pytest.param("ada", "ada", id="as it is"),
        pytest.param("Ada", "ada", id="capitals"),
        pytest.param("\uff21\uff44\uff41", "ada", id="full width"),
        pytest.param("Rene\u0301", "ren\u00e9", id="composition"),
        pytest.param("Stra\u00dfe", "stra\u00dfe", id="a sharp s is no double s"),
        pytest.param("\u03a3\u03a4\u0391", "\u03c3\u03c4\u03b1", id="another script"),
        pytest.param("Ada.L+1@Example.org", "ada.l+1@example.org", id="an address"),
    ],
)
def test_a_username_has_one_form(given: str, prepared: str) -> None:
    assert prepare_username(given) == prepared


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("ada lovelace", id="a space"),
        pytest.param("ada\u00a0", id="another space"),
        pytest.param("ada\n", id="a newline"),
        pytest.param("ada\0", id="a NUL"),
        pytest.param("ada\u200d", id="a joiner of nothing"),
        pytest.param("henry\u2163", id="a numeral that is one character"),
        pytest.param("\u2654", id="a symbol"),
        pytest.param("\U0001f40e", id="a horse"),
        pytest.param("1\u0645", id="two directions"),
        pytest.param("\U000e0041", id="a tag"),
        pytest.param("\ud800", id="half a character"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_text_that_is_no_username_is_refused(given: str) -> None:
    with pytest.raises(NotPreparedError):
        prepare_username(given)


@pytest.mark.parametrize(
    ("given", "prepared"),
    [
        pytest.param("Correct Horse", "Correct Horse", id="as it is"),
        pytest.param(" horse ", " horse ", id="spaces at its ends"),
        pytest.param("a\u00a0\u3000b", "a  b", id="other spaces"),
        pytest.param("Rene\u0301", "Ren\u00e9", id="composition"),
        pytest.param("\uff21", "\uff21", id="full width"),
        pytest.param("\U0001f40e", "\U0001f40e", id="a horse"),
        pytest.param("1\u0645", "1\u0645", id="two directions"),
    ],
)
def test_a_password_has_one_form(given: str, prepared: str) -> None:
    assert prepare_password(given) == prepared


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("horse\t", id="a tab"),
        pytest.param("horse\0", id="a NUL"),
        pytest.param("horse\x7f", id="a delete"),
        pytest.param("horse\u200d", id="a joiner of nothing"),
        pytest.param("horse\u0378", id="an unassigned character"),
        pytest.param("\ud800", id="half a character"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_text_that_is_no_password_is_refused(given: str) -> None:
    with pytest.raises(NotPreparedError):
        prepare_password(given)


TEXTS = st.text(st.characters(), max_size=20) | st.text("aA\u0301\u0130\u03a3\u0345 ", max_size=9)


def prepared_or_none(prepare: Callable[[str], str], text: str) -> str | None:
    try:
        return prepare(text)
    except NotPreparedError:
        return None


@pytest.mark.parametrize("prepare", [prepare_username, prepare_password])
@given(text=TEXTS)
def test_what_is_prepared_is_text_and_prepared_for_good(prepare: Callable[[str], str], text: str) -> None:
    prepared = prepared_or_none(prepare, text)

    if prepared is not None:
        assert prepared.encode("utf-8")
        assert prepare(prepared) == prepared


@given(text=TEXTS)
def test_a_username_is_the_same_in_capitals(text: str) -> None:
    prepared = prepared_or_none(prepare_username, text)

    # Of some letters the capitals are those of others too: what is not mapped back is another name.
    if prepared is not None and prepared.upper().lower() == prepared:
        assert prepared_or_none(prepare_username, prepared.upper()) == prepared


@pytest.mark.parametrize("prepare", [prepare_username, prepare_password])
def test_no_text_takes_longer_to_prepare_than_its_length(prepare: Callable[[str], str]) -> None:
    # The library reads all of a text for each of these.
    assert prepare("\u30fb" * 16 + "\u30a2")

    with pytest.raises(NotPreparedError, match="middle dots"):
        prepare("\u30fb" * 17 + "\u30a2")
