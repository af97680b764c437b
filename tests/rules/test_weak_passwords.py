"""The passwords that are tried first, and the username, are nobody's password."""

import pytest

from rescind.rules.preparation import prepare_password
from rescind.rules.weak_passwords import Weakness, weakness
from rescind.wiring import common_passwords
from tests.things import PASSWORD

COMMON = frozenset({"iloveyou1", "sunshine"})


@pytest.mark.parametrize("password", ["sunshine", "Sunshine", "SUNSHINE", "ILoveYou1"])
def test_a_common_password_is_weak_in_any_case(password: str) -> None:
    assert weakness(password, username="ada", common=COMMON) is Weakness.COMMON


@pytest.mark.parametrize("password", ["lovelace1815", "LoveLace1815"])
def test_the_username_is_weak_in_any_case(password: str) -> None:
    assert weakness(password, username="lovelace1815", common=COMMON) is Weakness.USERNAME


@pytest.mark.parametrize("password", [PASSWORD, "sunshine ", "sunshin", "lovelace18150"])
def test_another_password_is_not(password: str) -> None:
    assert weakness(password, username="lovelace1815", common=COMMON) is None


def test_more_than_3000_common_passwords_of_8_characters_are_known() -> None:
    # OWASP ASVS 5.0, 6.2.4: at least the 3,000 most common ones that the rules of length let through.
    common = common_passwords()

    assert len(common) >= 8000
    assert {"password", "12345678", "qwertyuiop", "iloveyou1", "#1stunna"} <= common
    assert PASSWORD not in common


def test_each_common_password_is_one_that_could_be_chosen() -> None:
    for each in common_passwords():
        assert 8 <= len(each) <= 256
        assert each.casefold() == prepare_password(each) == each
