"""Who is asking: API Gateway's word for it, and a proxy's only where it proves itself."""

import hashlib
from dataclasses import replace

import pytest

from rescind.web.client import client_of
from tests.things import SETTINGS, a_request

SECRET = "a-long-random-secret-of-the-proxy"
BEHIND_A_PROXY = replace(
    SETTINGS,
    client_address_header="cf-connecting-ip",
    proxy_secret_sha256=hashlib.sha256(SECRET.encode()).hexdigest(),
)
PROVES_ITSELF = ("X-Rescind-Proxy-Secret", SECRET)
SEEN = "192.0.2.1"


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "CF-Connecting-IP"])
def test_the_address_is_the_one_that_api_gateway_saw_whatever_a_header_says(header: str) -> None:
    assert client_of(a_request((header, "198.51.100.7")), settings=SETTINGS).ip == SEEN


@pytest.mark.parametrize("address", ["198.51.100.7", "2001:db8::7"])
def test_a_proxy_that_proves_itself_names_the_address(address: str) -> None:
    event = a_request(("CF-Connecting-IP", address), PROVES_ITSELF)

    assert client_of(event, settings=BEHIND_A_PROXY).ip == address


@pytest.mark.parametrize(
    "proof",
    [
        pytest.param([], id="no secret"),
        pytest.param([("X-Rescind-Proxy-Secret", "guess")], id="a wrong secret"),
        pytest.param([("X-Rescind-Proxy-Secret", "")], id="an empty secret"),
        pytest.param([("X-Rescind-Proxy-Secret", "\ud800")], id="no text at all"),
        pytest.param([("X-Rescind-Proxy-Secret", BEHIND_A_PROXY.proxy_secret_sha256)], id="the hash of it"),
        pytest.param([PROVES_ITSELF, ("x-rescind-proxy-secret", "guess")], id="two secrets"),
    ],
)
def test_without_the_proxys_secret_its_header_counts_for_nothing(proof: list[tuple[str, str]]) -> None:
    event = a_request(("CF-Connecting-IP", "198.51.100.7"), *proof)

    assert client_of(event, settings=BEHIND_A_PROXY).ip == SEEN


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([], id="none"),
        pytest.param(["198.51.100.7", "198.51.100.8"], id="two headers"),
        pytest.param(["198.51.100.7, 198.51.100.8"], id="a list"),
        pytest.param(["198.51.100.7:443"], id="with a port"),
        pytest.param(["fe80::1%eth0"], id="with a zone"),
        pytest.param(["somebody"], id="no address"),
        pytest.param([""], id="empty"),
    ],
)
def test_a_header_that_is_not_one_address_counts_for_nothing(values: list[str]) -> None:
    event = a_request(*(("CF-Connecting-IP", value) for value in values), PROVES_ITSELF)

    assert client_of(event, settings=BEHIND_A_PROXY).ip == SEEN


@pytest.mark.parametrize(
    ("headers", "agent"),
    [
        pytest.param([("User-Agent", "curl/8")], "curl/8", id="usual"),
        pytest.param([], "", id="none"),
        pytest.param([("User-Agent", "x" * 300)], "x" * 256, id="too long"),
    ],
)
def test_the_user_agent_is_cut_to_256_characters(headers: list[tuple[str, str]], agent: str) -> None:
    assert client_of(a_request(*headers), settings=SETTINGS).user_agent == agent
