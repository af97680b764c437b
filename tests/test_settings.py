"""The configuration: each bound's edge, and a message that names what is wrong."""

import re
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.canary_settings import CanarySettings
from rescind.settings import BOUNDS, Settings, SettingsError
from tests.things import SETTINGS

ENVIRONMENT = {
    "ACCESS_TOKEN_SECONDS": "900",
    "REFRESH_IDLE_SECONDS": "604800",
    "REFRESH_ABSOLUTE_SECONDS": "2592000",
    "REFRESH_GRACE_SECONDS": "30",
    "REVOCATION_CHECK": "strict",
    "REVOCATION_DELAY_SECONDS": "0",
    "REVOCATION_COPIES": "1",
    "AUTHORIZER_TIMEOUT_SECONDS": "5",
    "LEEWAY_SECONDS": "0",
    "MAX_SESSIONS_PER_USER": "20",
    "KEY_ROTATION_DAYS": "30",
    "FAILURES_PER_ACCOUNT_AND_NETWORK": "100000",
    "FAILURES_PER_ACCOUNT": "100000",
    "FAILURES_PER_NETWORK": "100000",
    "CLIENT_ADDRESS_HEADER": "",
    "PROXY_SECRET_SHA256": "",
    "PASSWORD_HASH_MEMORY_KIB": "19456",
    "PASSWORD_HASH_ITERATIONS": "2",
    "PASSWORD_HASH_PARALLELISM": "1",
    "ISSUER": "urn:rescind:test",
    "AUDIENCE": "rescind-test",
    "CLIENT_ID": "first-party",
    "ALLOWED_ORIGINS": "https://app.example.com",
    "STACK": "rescind-test",
    "KMS_KEY_ID": "key",
    "CREDENTIALS_TABLE": "Credentials",
    "USERS_TABLE": "Users",
    "SESSIONS_TABLE": "Sessions",
    "BLOCKLIST_TABLE": "Blocklist",
    "REVOCATIONS_TABLE": "Revocations",
    "ATTEMPTS_TABLE": "Attempts",
    "KEYS_TABLE": "Keys",
}
RANGES = [
    ("ACCESS_TOKEN_SECONDS", 60, 3600),
    ("REFRESH_IDLE_SECONDS", 4400, 31_536_000),
    ("REFRESH_ABSOLUTE_SECONDS", 4400, 31_536_000),
    ("REFRESH_GRACE_SECONDS", 0, 600),
    ("REVOCATION_DELAY_SECONDS", 0, 300),
    ("REVOCATION_COPIES", 1, 10),
    ("AUTHORIZER_TIMEOUT_SECONDS", 1, 10),
    ("LEEWAY_SECONDS", 0, 60),
    ("MAX_SESSIONS_PER_USER", 1, 100),
    ("KEY_ROTATION_DAYS", 1, 365),
    ("FAILURES_PER_ACCOUNT_AND_NETWORK", 1, 100_000),
    ("FAILURES_PER_ACCOUNT", 1, 100_000),
    ("FAILURES_PER_NETWORK", 1, 100_000),
    ("PASSWORD_HASH_MEMORY_KIB", 19_456, 262_144),
    ("PASSWORD_HASH_ITERATIONS", 2, 5),
    ("PASSWORD_HASH_PARALLELISM", 1, 4),
]
MAY_BE_EMPTY = {"ALLOWED_ORIGINS", "CLIENT_ADDRESS_HEADER", "PROXY_SECRET_SHA256"}
TEXTS = sorted(set(ENVIRONMENT) - set(BOUNDS) - MAY_BE_EMPTY)


def with_setting(name: str, value: str) -> Settings:
    return Settings.from_environment({**ENVIRONMENT, name: value})


def test_every_setting_is_read_from_the_variable_of_its_name() -> None:
    found = Settings.from_environment({**ENVIRONMENT, "PATH": "/bin"})

    assert found == SETTINGS
    assert {name.upper() for name in asdict(found)} == ENVIRONMENT.keys()


@pytest.mark.parametrize(("name", "low", "high"), RANGES)
def test_a_number_at_its_bound_is_taken(name: str, low: int, high: int) -> None:
    assert getattr(with_setting(name, str(low)), name.lower()) == low
    assert getattr(with_setting(name, str(high)), name.lower()) == high


@pytest.mark.parametrize(("name", "low", "high"), RANGES)
def test_a_number_past_its_bound_stops_the_start_and_is_named(name: str, low: int, high: int) -> None:
    with pytest.raises(SettingsError, match=f"^{name} must be a whole number from {low} to {high}"):
        with_setting(name, str(low - 1))
    with pytest.raises(SettingsError, match=f"^{name} must be a whole number from {low} to {high}"):
        with_setting(name, str(high + 1))


def test_no_number_is_without_bounds() -> None:
    numbers = {name.upper() for name, value in asdict(SETTINGS).items() if isinstance(value, int)}

    assert {name for name, _, _ in RANGES} == set(BOUNDS) == numbers


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="empty"),
        pytest.param("many", id="a word"),
        pytest.param("5.0", id="a fraction"),
        pytest.param("5e0", id="an exponent"),
        pytest.param("+5", id="a sign"),
        pytest.param("-5", id="a minus"),
        pytest.param(" 5", id="a space"),
        pytest.param("5\n", id="a newline"),
        pytest.param("1_0", id="an underscore"),
        pytest.param("0x5", id="another base"),
        pytest.param("\u0665", id="another script's digit"),
        pytest.param("\u00b2", id="a superscript"),
    ],
)
@pytest.mark.parametrize("name", [name for name, _, _ in RANGES])
def test_what_is_no_whole_number_stops_the_start_and_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} "):
        with_setting(name, value)


@pytest.mark.parametrize("name", [*TEXTS, *BOUNDS])
def test_a_setting_that_is_missing_stops_the_start_and_is_named(name: str) -> None:
    missing = {key: value for key, value in ENVIRONMENT.items() if key != name}

    with pytest.raises(SettingsError, match=f"^{name} "):
        Settings.from_environment(missing)
    with pytest.raises(SettingsError, match=f"^{name} "):
        with_setting(name, "")


@pytest.mark.parametrize(
    ("value", "origins"),
    [
        pytest.param("", set(), id="none"),
        pytest.param(" , ", set(), id="only commas"),
        pytest.param("https://a.example", {"https://a.example"}, id="one"),
        pytest.param(
            "https://a.example, http://localhost:3000",
            {"https://a.example", "http://localhost:3000"},
            id="two, one with a port",
        ),
    ],
)
def test_allowed_origins_are_a_list(value: str, origins: set[str]) -> None:
    assert with_setting("ALLOWED_ORIGINS", value).allowed_origins == origins


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("*", id="a star"),
        pytest.param("null", id="null"),
        pytest.param("app.example.com", id="no scheme"),
        pytest.param("ftp://app.example.com", id="another scheme"),
        pytest.param("https://app.example.com/", id="a slash at its end"),
        pytest.param("https://app.example.com/page", id="a path"),
        pytest.param("https:/app.example.com", id="a slash too few"),
        pytest.param("https://a.example https://b.example", id="a space for a comma"),
        pytest.param("https://a.example,*", id="one of two"),
    ],
)
def test_what_is_no_origin_stops_the_start_and_is_named(value: str) -> None:
    with pytest.raises(SettingsError, match=r"^ALLOWED_ORIGINS "):
        with_setting("ALLOWED_ORIGINS", value)


@settings(deadline=None, max_examples=200)
@given(
    name=st.sampled_from(sorted(BOUNDS)),
    value=st.text(max_size=10) | st.integers(-10, 40_000_000).map(str),
)
def test_a_number_is_within_its_bounds_or_the_start_stops(name: str, value: str) -> None:
    low, high = next((low, high) for known, low, high in RANGES if known == name)
    in_range = re.fullmatch("[0-9]+", value) is not None and low <= int(value) <= high

    if in_range:
        assert getattr(with_setting(name, value), name.lower()) == int(value)
    else:
        with pytest.raises(SettingsError, match=f"^{name} "):
            with_setting(name, value)


@pytest.mark.parametrize("value", ["Feed", "FEED", "strict ", "eventual", "true"])
def test_what_is_no_way_to_check_stops_the_start_and_is_named(value: str) -> None:
    with pytest.raises(SettingsError, match=r"^REVOCATION_CHECK must be strict or feed"):
        with_setting("REVOCATION_CHECK", value)


def test_the_feed_is_not_read_at_each_request() -> None:
    feed = {**ENVIRONMENT, "REVOCATION_CHECK": "feed"}

    with pytest.raises(SettingsError, match=r"^REVOCATION_DELAY_SECONDS must be at least 1 where"):
        Settings.from_environment(feed)
    found = Settings.from_environment({**feed, "REVOCATION_DELAY_SECONDS": "1"})
    assert (found.reads_feed, SETTINGS.reads_feed) == (True, False)


def test_a_proxys_header_is_known_in_any_case() -> None:
    header = {"CLIENT_ADDRESS_HEADER": "CF-Connecting-IP", "PROXY_SECRET_SHA256": "0" * 64}

    assert Settings.from_environment({**ENVIRONMENT, **header}).client_address_header == "cf-connecting-ip"


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"CLIENT_ADDRESS_HEADER": "CF-Connecting-IP"}, id="a header that anybody can send"),
        pytest.param({"PROXY_SECRET_SHA256": "0" * 64}, id="a secret for nothing"),
        pytest.param(
            {"CLIENT_ADDRESS_HEADER": "X", "PROXY_SECRET_SHA256": "the secret itself"}, id="no hash"
        ),
    ],
)
def test_a_proxys_header_and_its_secret_come_together(given: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="PROXY_SECRET_SHA256"):
        Settings.from_environment({**ENVIRONMENT, **given})


@pytest.mark.parametrize(
    "url",
    [
        "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod",
        "https://api.example",
        "http://127.0.0.1:3000",
    ],
)
def test_the_canary_is_told_where_to_ask(url: str) -> None:
    assert CanarySettings.from_environment({"API_URL": url}).api_url == url


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="none"),
        pytest.param("http://api.example/prod", id="in the clear"),
        pytest.param("http://localhost:3000", id="a name, which may lead elsewhere"),
        pytest.param("http://127.0.0.1:3000@evil.example", id="a name for this machine"),
        pytest.param("https://user@api.example/prod", id="a user"),
        pytest.param("https://api.example/prod/", id="a slash at its end"),
        pytest.param("https://api.example/prod?a=b", id="a query"),
        pytest.param("file:///etc/passwd", id="a file"),
    ],
)
def test_where_the_canary_must_not_ask_stops_it_and_is_named(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^API_URL "):
        CanarySettings.from_environment({"API_URL": url})
