"""Whom the functions are told to trust: read strictly, and what is read the template lets through."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.exchange_settings import ExchangeSettings
from rescind.rules.trusted_issuers import TrustedIssuersError, trusted_issuers
from rescind.settings import SettingsError
from rescind_local.deploy.parameters import parameter_values
from rescind_local.errors import StartError
from tests.template import DOCUMENT, FUNCTIONS, NAMES

COGNITO = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab12"
AUTH0 = "https://example.eu.auth0.com/"
ENVIRONMENT = {"TRUSTED_ISSUERS": f"{AUTH0} audience ->read; {COGNITO} client", "AUTO_PROVISION": "enabled"}


def test_the_environment_says_whom_to_trust() -> None:
    read = ExchangeSettings.from_environment(ENVIRONMENT)

    assert read == ExchangeSettings(
        trusted_issuers=trusted_issuers(ENVIRONMENT["TRUSTED_ISSUERS"]),
        auto_provision=True,
        aws_endpoint=None,
    )
    assert read.trusted_issuers.keys() == {AUTH0, COGNITO}


def test_nobody_is_trusted_unless_it_is_said() -> None:
    assert ExchangeSettings.from_environment({"AUTO_PROVISION": "disabled"}) == ExchangeSettings(
        trusted_issuers={}, auto_provision=False, aws_endpoint=None
    )
    assert not ExchangeSettings.from_environment({**ENVIRONMENT, "TRUSTED_ISSUERS": ""}).trusted_issuers


@pytest.mark.parametrize(
    ("said", "endpoint"),
    [
        pytest.param("http://127.0.0.1:4566", "http://127.0.0.1:4566", id="an emulator"),
        # As the SDK has it.
        pytest.param("", None, id="empty, which is none"),
    ],
)
def test_the_address_of_aws_is_the_one_that_the_sdk_reads(said: str, endpoint: str | None) -> None:
    read = ExchangeSettings.from_environment({**ENVIRONMENT, "AWS_ENDPOINT_URL": said})

    assert read.aws_endpoint == endpoint


@pytest.mark.parametrize("said", ["", "true", "Enabled", "enabled ", None], ids=repr)
def test_whether_users_are_made_is_said_in_one_of_two_words(said: str | None) -> None:
    environment = {"TRUSTED_ISSUERS": "", **({} if said is None else {"AUTO_PROVISION": said})}

    with pytest.raises(SettingsError) as error:
        ExchangeSettings.from_environment(environment)

    assert str(error.value) == f"AUTO_PROVISION must be enabled or disabled, not {said!r}"


def test_what_is_wrong_is_named_and_where() -> None:
    with pytest.raises(SettingsError) as error:
        ExchangeSettings.from_environment({**ENVIRONMENT, "TRUSTED_ISSUERS": f"{AUTH0} a; nonsense b"})

    said = "'nonsense' is no issuer such as https://id.example.com"
    assert str(error.value) == f"TRUSTED_ISSUERS (the parameter TrustedIssuers): {said}"


@pytest.mark.parametrize("function", ["exchange", "backchannel"])
def test_the_functions_that_read_it_are_told(function: str) -> None:
    variables = FUNCTIONS[NAMES[function]]["Environment"]["Variables"]

    assert variables == {
        "TRUSTED_ISSUERS": {"Ref": "TrustedIssuers"},
        "AUTO_PROVISION": {"Ref": "AutoProvision"},
    }


# What the template lets through


DECLARED = {"TrustedIssuers": DOCUMENT["Parameters"]["TrustedIssuers"]}


def accepted_by_the_template(text: str) -> bool:
    try:
        parameter_values(DECLARED, [f"TrustedIssuers={text}"])
    except StartError:
        return False
    return True


ISSUERS = st.sampled_from(
    [COGNITO, AUTH0, "https://id.example.com", "http://127.0.0.1:8080", "http://localhost:1"]
)
AUDIENCES = st.sampled_from(
    ["4f1a2b3c", "https://api.example.com", "api://x/y", "a+b", "\u00e9", "(", "*", "'x'"]
)
GRANTS = st.sampled_from(["->orders:read", "cognito:groups=admins->admin", "a=b->c->d", "roles=\u00e9->x"])
BLANKS = st.sampled_from([" ", "  "])


@st.composite
def texts(draw: st.DrawFn) -> str:
    names = draw(st.lists(ISSUERS, min_size=1, unique=True, max_size=4))
    entries = []
    for name in names:
        words = draw(st.permutations([draw(AUDIENCES), *draw(st.lists(AUDIENCES | GRANTS, max_size=3))]))
        entries.append("".join(f"{word}{draw(BLANKS)}" for word in [name, *words]))
    around, end = draw(st.sampled_from(["", " ", "  "])), draw(st.sampled_from(["", ";", " ; "]))
    return around + f";{around}".join(entries) + end


@settings(deadline=None, max_examples=100)
@given(texts())
def test_what_is_read_here_is_let_through_by_the_template(text: str) -> None:
    assert trusted_issuers(text)

    assert accepted_by_the_template(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("example.com a", id="no scheme"),
        pytest.param("urn:issuer a", id="a name"),
        pytest.param(AUTH0, id="no audience"),
        pytest.param(f"{AUTH0} a; {COGNITO}", id="a second one without an audience"),
        pytest.param(f"{AUTH0} a, {COGNITO}; b", id="a semicolon in the wrong place"),
    ],
)
def test_the_template_finds_what_is_mistaken_most(text: str) -> None:
    assert not accepted_by_the_template(text)
    with pytest.raises(TrustedIssuersError):
        trusted_issuers(text)


def test_nobody_is_let_through_by_the_template() -> None:
    assert parameter_values(DECLARED, []) == {"TrustedIssuers": ""}
    assert accepted_by_the_template("")
