"""A sandbox's view of an issuer's keys: how old a set may grow, what a failure does, what costs a request."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.issuer_keys import IssuerKeyring
from rescind.unavailable import UnavailableError
from tests.issuers import a_key, jwk
from tests.things import NOW

ONE, OTHER = "https://one.example.com", "https://other.example.com"


@dataclass
class Documents:
    """What two issuers publish, by name and by address, and what was asked for."""

    addresses: dict[str, str] = field(default_factory=lambda: {name: f"{name}/jwks" for name in (ONE, OTHER)})
    kids: dict[str, list[str]] = field(default_factory=lambda: {f"{ONE}/jwks": ["a"], f"{OTHER}/jwks": ["b"]})
    away: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def jwks_uri(self, issuer: str) -> str:
        self._ask(issuer)
        return self.addresses[issuer]

    def key_set(self, jwks_uri: str) -> dict[str, Any]:
        self._ask(jwks_uri)
        return {"keys": [jwk(a_key(), kid) for kid in self.kids[jwks_uri]]}

    def publish(self, *kids: str) -> None:
        """From now on, by ONE."""
        self.kids[self.addresses[ONE]] = [*kids]

    @property
    def reads(self) -> int:
        """How often an issuer was asked where its keys are, which begins each read."""
        return sum(name in self.addresses for name in self.asked)

    def _ask(self, name: str) -> None:
        self.asked.append(name)
        if name in self.away:
            raise UnavailableError("no answer")


@pytest.fixture
def documents() -> Documents:
    return Documents()


@pytest.fixture
def keyring(documents: Documents) -> IssuerKeyring:
    return IssuerKeyring(documents)


def is_known(keyring: IssuerKeyring, kid: str = "a", *, at: int, issuer: str = ONE) -> bool:
    return keyring.key_of(issuer, kid, now=NOW + at) is not None


def fails(keyring: IssuerKeyring, kid: str = "a", *, at: int, issuer: str = ONE) -> bool:
    try:
        keyring.key_of(issuer, kid, now=NOW + at)
    except UnavailableError:
        return True
    return False


# Which keys


def test_a_key_is_found_by_its_issuer_and_its_id(keyring: IssuerKeyring, documents: Documents) -> None:
    key = keyring.key_of(ONE, "a", now=NOW)

    assert key is not None
    assert key.key == a_key().public_key()
    assert documents.asked == [ONE, f"{ONE}/jwks"]


def test_an_id_is_one_issuers_and_not_the_others(keyring: IssuerKeyring) -> None:
    assert not is_known(keyring, "b", at=0, issuer=ONE)
    assert is_known(keyring, "b", at=0, issuer=OTHER)


# How old a set may grow


def test_a_set_is_read_again_after_300_s(keyring: IssuerKeyring, documents: Documents) -> None:
    assert is_known(keyring, at=0)

    assert is_known(keyring, at=299)
    assert documents.reads == 1

    assert is_known(keyring, at=300)
    assert documents.reads == 2
    assert is_known(keyring, at=599)
    assert documents.reads == 2


def test_a_key_that_its_issuer_has_withdrawn_ends_within_300_s(
    keyring: IssuerKeyring, documents: Documents
) -> None:
    assert is_known(keyring, at=0)

    documents.publish("new")

    assert is_known(keyring, at=299)
    assert not is_known(keyring, at=300)


def test_a_set_that_cannot_be_read_again_lives_for_600_s_and_no_longer(
    keyring: IssuerKeyring, documents: Documents
) -> None:
    assert is_known(keyring, at=0)
    documents.away = {ONE}

    assert is_known(keyring, at=300)
    assert is_known(keyring, at=600)
    assert fails(keyring, at=601)


def test_living_on_an_old_set_does_not_make_it_younger(keyring: IssuerKeyring, documents: Documents) -> None:
    assert is_known(keyring, at=0)
    documents.away = {f"{ONE}/jwks"}

    assert all(is_known(keyring, at=age) for age in range(300, 601, 7))
    assert fails(keyring, at=601)


def test_a_sandbox_that_was_frozen_reads_before_it_decides(
    keyring: IssuerKeyring, documents: Documents
) -> None:
    assert is_known(keyring, at=0)
    documents.publish("new")

    assert not is_known(keyring, at=86_400)


def test_a_clock_that_was_set_back_makes_the_set_be_read(
    keyring: IssuerKeyring, documents: Documents
) -> None:
    assert is_known(keyring, at=0)

    assert is_known(keyring, at=-1)

    assert documents.reads == 2


def test_a_clock_that_was_set_back_makes_no_set_young(keyring: IssuerKeyring, documents: Documents) -> None:
    assert is_known(keyring, at=0)
    documents.away = {ONE}

    assert fails(keyring, at=-3600)


def test_a_sandbox_that_never_read_a_set_fails(keyring: IssuerKeyring, documents: Documents) -> None:
    documents.away = {ONE}

    assert fails(keyring, at=0)
    # Not even at a second that looks as if one had been read, or tried, a moment ago.
    assert fails(keyring, at=1 - NOW)
    documents.away = set()
    assert is_known(keyring, at=11 - NOW)


# Ids that are not in it


def test_an_unknown_id_is_nobodys_for_30_s_and_then_asked_for(
    keyring: IssuerKeyring, documents: Documents
) -> None:
    assert is_known(keyring, at=0)
    documents.publish("a", "new")

    assert not is_known(keyring, "new", at=29)
    assert documents.reads == 1

    assert is_known(keyring, "new", at=30)
    assert documents.reads == 2


def test_asking_for_what_there_is_not_keeps_the_known_keys_young(
    keyring: IssuerKeyring, documents: Documents
) -> None:
    assert is_known(keyring, at=0)
    assert not is_known(keyring, "made-up", at=200)

    assert is_known(keyring, at=499)

    assert documents.reads == 2


def test_an_unknown_id_is_a_failure_where_the_issuer_cannot_be_asked(
    keyring: IssuerKeyring, documents: Documents
) -> None:
    """It may be a new key's: a refusal would be for ever, and the token is good."""
    assert is_known(keyring, at=0)
    documents.away = {ONE}

    assert fails(keyring, "new", at=30)
    assert fails(keyring, "new", at=31)
    assert is_known(keyring, at=31)


def test_a_rotation_at_the_issuer_is_followed_at_once_when_the_set_is_over_30_s_old(
    keyring: IssuerKeyring, documents: Documents
) -> None:
    assert is_known(keyring, at=0)
    documents.publish("new")

    assert is_known(keyring, "new", at=60)
    assert not is_known(keyring, "a", at=61)


# Where they are


def test_an_issuer_that_moves_its_keys_is_followed_though_the_old_address_answers(
    keyring: IssuerKeyring, documents: Documents
) -> None:
    assert is_known(keyring, at=0)
    documents.addresses[ONE] = "https://keys.example.com"
    documents.publish("new")

    assert is_known(keyring, "new", at=30)
    assert not is_known(keyring, "a", at=31)
    assert documents.asked.count(f"{ONE}/jwks") == 1


def test_an_issuer_that_moves_its_keys_is_followed_when_the_old_address_fails(
    keyring: IssuerKeyring, documents: Documents
) -> None:
    assert is_known(keyring, at=0)
    documents.away = {f"{ONE}/jwks"}
    assert is_known(keyring, at=300)
    documents.addresses[ONE] = "https://keys.example.com"
    documents.publish("a")

    assert is_known(keyring, at=310)

    assert documents.asked[-1] == "https://keys.example.com"


# Failures


@pytest.mark.parametrize("away", [ONE, f"{ONE}/jwks"], ids=["discovery", "keys"])
def test_an_issuer_that_fails_is_asked_again_after_10_s_and_not_by_every_request(
    keyring: IssuerKeyring, documents: Documents, away: str
) -> None:
    documents.away = {away}

    assert all(fails(keyring, at=second) for second in range(10))
    assert documents.reads == 1

    documents.away = set()
    assert fails(keyring, at=9)
    assert is_known(keyring, at=10)
    assert documents.reads == 2


def test_an_old_set_is_tried_again_every_10_s(keyring: IssuerKeyring, documents: Documents) -> None:
    assert is_known(keyring, at=0)
    documents.away = {ONE}

    assert all(is_known(keyring, at=second) for second in range(300, 330))

    assert documents.reads == 1 + 3


def test_a_failure_of_a_clock_that_was_set_back_keeps_nobody_waiting(
    keyring: IssuerKeyring, documents: Documents
) -> None:
    documents.away = {ONE}
    assert fails(keyring, at=0)
    documents.away = set()

    assert is_known(keyring, at=-1)


def test_one_issuer_that_fails_does_not_touch_another(keyring: IssuerKeyring, documents: Documents) -> None:
    documents.away = {ONE}

    assert fails(keyring, at=0)
    assert is_known(keyring, "b", at=0, issuer=OTHER)
    assert not is_known(keyring, "made-up", at=1, issuer=OTHER)
    assert documents.asked == [ONE, OTHER, f"{OTHER}/jwks"]


def test_an_empty_set_is_a_failure_and_is_not_kept(keyring: IssuerKeyring, documents: Documents) -> None:
    documents.publish()
    assert fails(keyring, at=0)

    documents.publish("a")

    assert is_known(keyring, at=10)


def test_a_set_that_became_empty_is_a_failure_to_read(keyring: IssuerKeyring, documents: Documents) -> None:
    assert is_known(keyring, at=0)
    documents.publish()

    assert is_known(keyring, at=600)
    assert fails(keyring, at=601)


# The whole of it


STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1, 9, 10, 29, 30, 31, 269, 270, 299, 300, 301, 600, 601]),
        st.sampled_from(["a", "b", "made-up", "made-up, too"]),
        st.sampled_from(
            ["nothing", "nothing", "fails", "fails", "answers", "publishes a", "publishes b", "both"]
        ),
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=150)
@given(STEPS)
def test_whatever_is_asked_an_answer_is_young_enough_and_an_issuer_is_not_asked_too_often(
    steps: list[tuple[int, str, str]],
) -> None:
    """Whoever sends tokens chooses the ids and the seconds; the issuer, what it does."""
    documents = Documents()
    keyring = IssuerKeyring(documents)
    at, tries, read_at, read = 0, [(-1000, True)], -1000, list[str]()
    for later, kid, happens in steps:
        at += later
        match happens:
            case "fails":
                documents.away = {ONE}
            case "answers":
                documents.away = set()
            case "publishes a" | "publishes b" | "both":
                documents.publish(*({"a", "b"} if happens == "both" else happens[-1]))
            case _:
                pass
        before = documents.reads

        failed, found = False, False
        try:
            found = is_known(keyring, kid, at=at)
        except UnavailableError:
            failed = True

        if documents.reads > before:
            worked = not documents.away
            since, worked_before = at - tries[-1][0], tries[-1][1]
            assert documents.reads == before + 1
            assert since >= (30 if worked_before else 10), "asked too often"
            tries.append((at, worked))
            if worked:
                read_at, read = at, documents.kids[f"{ONE}/jwks"]
        age = at - read_at
        if found:
            assert kid in read
            assert age < 300 or (age <= 600 and not tries[-1][1]), "the set is too old"
        elif failed:
            assert not tries[-1][1], "nothing failed"
            assert at - tries[-1][0] < 10, "it was not tried"
            assert kid not in read or age > 600, "the old set would have done"
        else:
            assert kid not in read
            assert age < 30, "it may be a newer key's"
