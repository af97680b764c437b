"""`TrustedIssuers` is read strictly, and says what a token grants: what it names follows the token."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.rules.trusted_issuers import (
    Grant,
    TrustedIssuer,
    TrustedIssuersError,
    external_username,
    is_external,
    is_issuer,
    trusted_issuers,
)

COGNITO = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab12"
AUTH0 = "https://example.eu.auth0.com/"


# How it is written


def test_an_issuer_has_its_audiences_and_its_grants() -> None:
    text = f"{COGNITO} 4f1a2b3c another ->orders:read cognito:groups=admins->admin; {AUTH0} https://api.example.com"

    assert trusted_issuers(text) == {
        COGNITO: TrustedIssuer(
            COGNITO,
            frozenset({"4f1a2b3c", "another"}),
            (Grant("orders:read"), Grant("admin", "cognito:groups", "admins")),
        ),
        AUTH0: TrustedIssuer(AUTH0, frozenset({"https://api.example.com"})),
    }


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{AUTH0} a;{COGNITO} b", id="no blank behind the semicolon"),
        pytest.param(f"  {AUTH0}   a  ;  {COGNITO}  b  ;  ", id="many blanks, and a semicolon at the end"),
        pytest.param(f"{AUTH0} a;\n{COGNITO}\tb\n", id="lines"),
        pytest.param(f"{AUTH0} a;;{COGNITO} b", id="nothing between two semicolons"),
    ],
)
def test_what_stands_between_words_does_not_count(text: str) -> None:
    issuers = trusted_issuers(text)

    assert {name: each.audiences for name, each in issuers.items()} == {AUTH0: {"a"}, COGNITO: {"b"}}


@pytest.mark.parametrize("text", ["", " ", ";", " ; ;\n"], ids=repr)
def test_nothing_is_nobody(text: str) -> None:
    assert trusted_issuers(text) == {}


@pytest.mark.parametrize(
    ("word", "grant"),
    [
        pytest.param("->admin", Grant("admin"), id="everybody's"),
        pytest.param("groups=a->b", Grant("b", "groups", "a"), id="of a value"),
        pytest.param(
            "https://example.com/roles=a->b", Grant("b", "https://example.com/roles", "a"), id="a URL"
        ),
        pytest.param("groups=a=b->c", Grant("c", "groups", "a=b"), id="a value with the sign of a claim"),
        pytest.param("groups=a->b->c", Grant("c", "groups", "a->b"), id="a value with an arrow"),
        pytest.param("groups=\u00e9->b", Grant("b", "groups", "\u00e9"), id="a value that is not ASCII"),
        pytest.param("g=v->!#[]~", Grant("!#[]~", "g", "v"), id="each end of what a scope may have"),
        pytest.param("->a=b", Grant("a=b"), id="a scope with the sign of a claim"),
    ],
)
def test_a_grant_is_a_scope_and_whose_it_is(word: str, grant: Grant) -> None:
    assert trusted_issuers(f"{AUTH0} audience {word}")[AUTH0].grants == (grant,)


DISCOVERY = "/.well-known/openid-configuration"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        pytest.param("example.com a", "example.com", id="no scheme"),
        pytest.param("http://example.com a", "http://example.com", id="in clear"),
        pytest.param(f"{AUTH0} a; nonsense b", "nonsense", id="the second one"),
        pytest.param(f"{AUTH0} a; {COGNITO} b; {AUTH0} c", AUTH0, id="one that comes twice"),
        pytest.param(AUTH0, AUTH0, id="no audience"),
        pytest.param(f"{AUTH0} ->admin", AUTH0, id="a grant and no audience"),
        pytest.param(f"{AUTH0} a, {COGNITO} b", "a,", id="a comma for a semicolon"),
        pytest.param(f"{AUTH0} a groups=x>admin", "groups=x>admin", id="half an arrow"),
        pytest.param(f"{AUTH0} a groups=x", "groups=x", id="no arrow"),
        pytest.param(f"{COGNITO}{DISCOVERY} a", f"{COGNITO}{DISCOVERY}", id="the address of its document"),
        pytest.param(f"{AUTH0} a groups=->admin", "groups=->admin", id="a grant without a value"),
        pytest.param(f"{AUTH0} a =x->admin", "=x->admin", id="a grant without a claim"),
        pytest.param(f"{AUTH0} a groups->admin", "groups->admin", id="a grant without a sign"),
        pytest.param(f"{AUTH0} a groups=x->", "groups=x->", id="a grant of nothing"),
        pytest.param(f"{AUTH0} a ->", "->", id="an arrow alone"),
        pytest.param(f'{AUTH0} a ->a"b', '->a"b', id="a scope with a quotation mark"),
        pytest.param(f"{AUTH0} a ->a\\b", "->a\\\\b", id="a scope with a backslash"),
        pytest.param(f"{AUTH0} a ->\u00e9", "->\u00e9", id="a scope that is not ASCII"),
        pytest.param(f"{AUTH0} a ->a\x7f", "->a\\x7f", id="a scope with what cannot be printed"),
        pytest.param(f"{AUTH0} a ->{COGNITO};x", "x", id="a semicolon where none should be"),
    ],
)
def test_what_is_wrong_is_named(text: str, word: str) -> None:
    with pytest.raises(TrustedIssuersError) as error:
        trusted_issuers(text)

    assert f"'{word}'" in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nobody a", "'nobody' is no issuer such as https://id.example.com"),
        (f"{AUTH0} a; {AUTH0} b", f"'{AUTH0}' comes twice"),
        (AUTH0, f"behind '{AUTH0}' there is no audience and no client id"),
        (f"{AUTH0} a x->y", "'x->y' is no grant: <claim>=<value>-><scope>, or -><scope>"),
    ],
)
def test_the_message_says_how_it_should_be(text: str, said: str) -> None:
    with pytest.raises(TrustedIssuersError) as error:
        trusted_issuers(text)

    assert str(error.value) == said


@pytest.mark.parametrize(
    "issuer",
    [
        "https://id.example.com",
        "https://id.example.com/",
        "https://ID-09.example.com:8443/realms/a_b~c/%7E.-/",
        "https://id.example.com:1",
        "https://id.example.com:65535",
        "http://127.0.0.1:8080",
        "http://localhost:1/pool",
        "http://localhost:65535",
        "https://a.example/" + "x" * 494,
    ],
)
def test_an_issuer_is_an_address(issuer: str) -> None:
    assert is_issuer(issuer)


@pytest.mark.parametrize(
    "issuer",
    [
        "",
        "https://",
        "https:///path",
        "https:/id.example.com",
        "HTTPS://id.example.com",
        "xhttps://id.example.com",
        "ftp://id.example.com",
        "urn:example",
        "accounts.google.com",
        "https://id.example.com?x=1",
        "https://id.example.com/?x=1",
        "https://id.example.com/#x",
        "https://user@id.example.com",
        "https://id.example.com:",
        "https://id.example.com:x",
        "https://id.example.com:123456",
        "https://[::1]/",
        "https://id.example.com\\x",
        "https://id.example.com/a b",
        "https://id.example.com/\n",
        "https://id.example.com\n",
        "https://id.example.com/\u00e9",
        "https://\u00e9.example.com",
        "https://id_x.example.com",
        "http://id.example.com",
        "http://id.example.com:80",
        "http://127.0.0.1",
        "http://localhost",
        "http://localhost:",
        "http://localhost:123456",
        "http://127x0.0.1:80",
        "http://127.0x0.1:80",
        "http://127.0.0x1:80",
        "http://127.0.0.1.example.com:80",
        "http://localhost.example.com:80",
        "http://localhost:80@example.com",
        "https://a.example/" + "x" * 495,
    ],
)
def test_anything_else_is_none(issuer: str) -> None:
    assert not is_issuer(issuer)


# Whose a grant is


@pytest.mark.parametrize(
    "held", ["admins", ["admins"], ["users", "admins"], [1, None, {}, [], "admins"]], ids=repr
)
@pytest.mark.parametrize("claim", ["groups", "scope", "scp"])
def test_a_grant_is_for_whoever_has_its_value(claim: str, held: object) -> None:
    assert Grant("admin", claim, "admins").is_for({claim: held})


@pytest.mark.parametrize("held", ["users admins", "admins users", "a admins b"])
def test_a_scope_is_text_with_spaces_and_other_text_is_one_value(held: str) -> None:
    """A name that anybody may choose could else have a group in it."""
    assert Grant("admin", "scope", "admins").is_for({"scope": held})
    assert Grant("admin", "scp", "admins").is_for({"scp": held})
    assert not Grant("admin", "name", "admins").is_for({"name": held})


@pytest.mark.parametrize(
    "held",
    [
        *("", "admin", "adminsx", "xadmins", "Admins", "admins,users", "users\tadmins"),
        *([], ["Admins"], ["admins users"], [["admins"]], [1], None, True, 1, {}, {"admins": True}),
    ],
    ids=repr,
)
@pytest.mark.parametrize("claim", ["groups", "scope", "scp"])
def test_and_for_nobody_else(claim: str, held: object) -> None:
    assert not Grant("admin", claim, "admins").is_for({claim: held, "other": "admins"})


def test_a_claim_that_is_not_there_has_no_value() -> None:
    assert not Grant("admin", "groups", "admins").is_for({})
    assert not Grant("admin", "groups", "").is_for({"groups": None})


def test_a_grant_of_no_claim_is_everybodys() -> None:
    assert Grant("orders:read").is_for({})


def of_grants(*grants: Grant) -> TrustedIssuer:
    return TrustedIssuer(AUTH0, frozenset({"audience"}), grants)


ADMIN, BOSS = Grant("admin", "groups", "admins"), Grant("admin", "groups", "bosses")
READ = Grant("orders:read")


@pytest.mark.parametrize(
    ("scope", "groups", "after"),
    [
        pytest.param("", [], "orders:read", id="the first time"),
        pytest.param("", ["admins"], "admin orders:read", id="the first time, sorted"),
        pytest.param("", ["bosses"], "admin orders:read", id="one of two grants of a scope is enough"),
        pytest.param("", ["admins", "bosses"], "admin orders:read", id="a scope of two grants, once"),
        pytest.param(
            "orders:read admin", ["admins"], "orders:read admin", id="what was there stays in its order"
        ),
        pytest.param("orders:read admin", [], "orders:read", id="what is not granted any more"),
        pytest.param("zeta alpha", [], "zeta alpha orders:read", id="an admin's scopes come first"),
        pytest.param("a admin b", ["users"], "a b orders:read", id="between an admin's"),
        pytest.param("a  b", [], "a b orders:read", id="spaces are one"),
    ],
)
def test_the_scopes_that_grants_name_follow_the_token(scope: str, groups: list[str], after: str) -> None:
    assert of_grants(READ, ADMIN, BOSS).scope_after(scope, {"groups": groups}) == after


def test_without_grants_a_scope_stays_as_it_is() -> None:
    assert of_grants().scope_after("b a", {"groups": ["admins"]}) == "b a"


SCOPES = st.sampled_from(["a", "b", "c", "d", "e"])
VALUES = st.sampled_from(["x", "y", "z"])


@settings(deadline=None, max_examples=200)
@given(
    held=st.lists(SCOPES, unique=True),
    grants=st.lists(
        st.builds(Grant, SCOPES) | st.builds(Grant, SCOPES, st.just("groups"), VALUES), max_size=5
    ),
    groups=st.sets(VALUES),
)
def test_a_scope_is_held_where_the_token_grants_it_or_no_grant_names_it_and_it_was_held(
    held: list[str], grants: list[Grant], groups: set[str]
) -> None:
    named = {grant.scope for grant in grants}
    granted = {grant.scope for grant in grants if grant.claim is None or grant.value in groups}
    claims: dict[str, Any] = {"groups": sorted(groups)}

    after = of_grants(*grants).scope_after(" ".join(held), claims).split()

    assert set(after) == granted | (set(held) - named)
    assert len(after) == len(set(after))
    stayed = [scope for scope in held if scope in after]
    assert after[: len(stayed)] == stayed, "what was held keeps its order, and comes first"
    assert after[len(stayed) :] == sorted(after[len(stayed) :])
    assert of_grants(*grants).scope_after(" ".join(after), claims).split() == after, "once is enough"


# Users of others


@settings(max_examples=100)
@given(
    issuers=st.lists(st.sampled_from([COGNITO, AUTH0]), min_size=2, max_size=2),
    subjects=st.lists(st.text(alphabet=" /x", min_size=1), min_size=2, max_size=2),
)
def test_each_user_of_an_issuer_has_a_name_of_their_own(issuers: list[str], subjects: list[str]) -> None:
    one, other = (external_username(*pair) for pair in zip(issuers, subjects, strict=True))

    assert (one == other) == (issuers[0] == issuers[1] and subjects[0] == subjects[1])
    assert is_external(one)


def test_a_username_of_ours_is_none_of_theirs() -> None:
    assert external_username(AUTH0, "auth0|1") == f"{AUTH0} auth0|1"
    assert not is_external("ada")
    assert not is_external(AUTH0)
