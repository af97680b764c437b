"""Users of an OpenID provider that was not written here: its tokens, its keys, and its word of a logout."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.journeys.gateways import log_lines
from tests.local_gateway import RunningGateway, running_gateway
from tests.providers.provider import API, Provider, running_provider

pytestmark = pytest.mark.proof

APP = "app"
APP_WITHOUT_SIDS = "app-without-sids"
ANOTHER_APP = "another-app"
"""The provider knows it, and the service does not trust it."""
BY_ALGORITHM = {f"app-{algorithm}": algorithm for algorithm in ("RS256", "PS256", "ES256", "EdDSA")}
TRUSTED = " ".join([APP, APP_WITHOUT_SIDS, *BY_ALGORITHM, API])
GRANTS = "->member groups=admins->admin scope=orders:read->orders:read"

FUNCTION_SECONDS = 10
PATIENCE_SECONDS = 2
"""With each of the two documents of a provider."""
COOL_DOWN_SECONDS = 30
"""For a key id that is not in a set which was read just now."""


@dataclass(frozen=True)
class Service:
    """What trusts the providers."""

    gateway: RunningGateway

    @property
    def backchannel_logout_uri(self) -> str:
        return f"{self.gateway.base_url}/oauth/backchannel-logout"

    def exchange(self, subject_token: str, **more: str) -> httpx.Response:
        return self._post("/auth/exchange", {"subject_token": subject_token, **more})

    def opened_by(self, subject_token: str, **more: str) -> dict[str, Any]:
        """The tokens of the session that this one opens."""
        answer = self.exchange(subject_token, **more)
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    def caller(self, tokens: dict[str, Any]) -> dict[str, Any]:
        """Who is calling, as a protected function learns it."""
        answer = self._me(tokens)
        assert answer.status_code == 200, answer.text
        caller: dict[str, Any] = answer.json()
        return caller

    def lets_in(self, tokens: dict[str, Any]) -> bool:
        answer = self._me(tokens)
        assert answer.status_code in {200, 401}, answer.text
        return answer.status_code == 200

    def log_out(self, tokens: dict[str, Any]) -> httpx.Response:
        return self._post("/auth/logout", {}, tokens)

    def refresh(self, tokens: dict[str, Any]) -> httpx.Response:
        return self._post("/auth/refresh", {"refresh_token": tokens["refresh_token"]})

    def reasons(self, message: str = "ExchangeRefused") -> list[str]:
        """Why it has refused so far."""
        lines = log_lines(self.gateway.output().splitlines())
        return [line["reason"] for line in lines if line["message"] == message]

    def _me(self, tokens: dict[str, Any]) -> httpx.Response:
        return httpx.get(f"{self.gateway.base_url}/auth/me", headers=_bearer(tokens), timeout=30)

    def _post(self, path: str, body: dict[str, Any], tokens: dict[str, Any] | None = None) -> httpx.Response:
        headers = _bearer(tokens) if tokens else {}
        return httpx.post(f"{self.gateway.base_url}{path}", json=body, headers=headers, timeout=30)


def _bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


@pytest.fixture(scope="module")
def providers() -> Iterator[list[Provider]]:
    """The first is for all tests; each of the others for one, which takes it: nobody has read its keys."""
    clients = {
        **{client_id: {} for client_id in (APP, APP_WITHOUT_SIDS, ANOTHER_APP)},
        **{name: {"id_token_signed_response_alg": algorithm} for name, algorithm in BY_ALGORITHM.items()},
    }
    accounts = {"ada": {"groups": ["staff", "admins"]}, "grace": {"groups": ["staff"]}}
    with ExitStack() as stack:
        yield [stack.enter_context(running_provider(clients, dict(accounts))) for _ in range(5)]


@pytest.fixture(scope="module")
def service(providers: list[Provider], ministack: str) -> Iterator[Service]:
    trusted = "; ".join(f"{provider.issuer} {TRUSTED} {GRANTS}" for provider in providers)
    with running_gateway(
        parameters={"TrustedIssuers": trusted, "AutoProvision": "enabled"},
        environment={"AWS_ENDPOINT_URL": ministack},
        arguments=["--stack", "providers"],
    ) as gateway:
        yield Service(gateway)


@pytest.fixture(scope="module")
def _telling(service: Service, providers: list[Provider]) -> None:
    provider = providers[0]
    provider.tells_of_logouts(APP, service.backchannel_logout_uri)
    provider.tells_of_logouts(ANOTHER_APP, service.backchannel_logout_uri)
    provider.tells_of_logouts(APP_WITHOUT_SIDS, service.backchannel_logout_uri, session_required=False)


@pytest.fixture
def provider(providers: list[Provider], _telling: None) -> Provider:
    """One that tells the service of logouts."""
    providers[0].deliveries()
    return providers[0]


@pytest.fixture
def unread_provider(service: Service, providers: list[Provider]) -> Provider:
    """One that the service trusts, and has never asked for its keys."""
    del service  # It trusts those that are in the list when it starts.
    assert len(providers) > 1, "the list has one for each test that takes one"
    return providers.pop()


def assert_refused(service: Service, answer: httpx.Response, reason: str) -> None:
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_grant"), answer.text
    assert service.reasons()[-1] == reason


def seconds_until_accepted(service: Service, subject_token: str, *, at_most: int) -> float:
    """It is sent again and again: a refusal or a failure does not use it up."""
    started = time.monotonic()
    while True:
        answer = service.exchange(subject_token)
        passed = time.monotonic() - started
        if answer.status_code == 200:
            return passed
        assert passed < at_most, answer.text
        time.sleep(0.5)


def wait_for_the_next_second() -> None:
    """Tokens tell time by the second: in that of a logout it cannot be told which was first."""
    time.sleep(1.05 - time.time() % 1)


@pytest.mark.parametrize("client_id", BY_ALGORITHM)
def test_an_id_token_of_each_algorithm_opens_a_session_that_can_be_taken_back(
    service: Service, provider: Provider, client_id: str
) -> None:
    tokens = service.opened_by(provider.log_in("ada", client_id).id_token)
    assert service.lets_in(tokens)

    assert service.log_out(tokens).status_code == 200

    assert not service.lets_in(tokens)
    assert service.refresh(tokens).status_code == 401


def test_a_session_from_a_provider_is_refreshed_as_any_other(service: Service, provider: Provider) -> None:
    tokens = service.opened_by(provider.log_in("ada", APP).id_token)

    refreshed = service.refresh(tokens)

    assert refreshed.status_code == 200
    assert service.caller(refreshed.json())["session_id"] == tokens["session_id"]


def test_a_user_is_the_same_at_each_login_and_another_at_another_provider(
    service: Service, provider: Provider, unread_provider: Provider
) -> None:
    logins = [provider.log_in("ada", APP), provider.log_in("ada", APP), unread_provider.log_in("ada", APP)]

    here, again, elsewhere = [
        service.caller(service.opened_by(login.id_token))["user_id"] for login in logins
    ]

    assert here == again
    assert elsewhere != here


def test_what_a_claim_says_becomes_a_scope_and_follows_it(service: Service, provider: Provider) -> None:
    def scopes_of(username: str) -> set[str]:
        tokens = service.opened_by(provider.log_in(username, APP).id_token)
        return set(service.caller(tokens)["scope"].split())

    provider.describe("katherine", groups=["staff", "admins"])
    as_admin, as_another = scopes_of("katherine"), scopes_of("grace")
    provider.describe("katherine", groups=["staff"])
    no_more = scopes_of("katherine")

    assert as_admin == {"member", "admin"}
    assert as_another == {"member"}
    assert no_more == {"member"}


def test_an_access_token_for_a_trusted_audience_opens_a_session(service: Service, provider: Provider) -> None:
    access_token = provider.log_in("grace", ANOTHER_APP, resource=API).access_token

    tokens = service.opened_by(
        access_token, subject_token_type="urn:ietf:params:oauth:token-type:access_token"
    )

    assert set(service.caller(tokens)["scope"].split()) == {"member", "orders:read"}


def test_an_access_token_that_is_no_jwt_opens_none(service: Service, provider: Provider) -> None:
    opaque = provider.log_in("grace", APP).access_token

    answer = service.exchange(opaque)

    assert_refused(service, answer, "malformed")


def test_a_token_opens_one_session_and_no_second(service: Service, provider: Provider) -> None:
    id_token = provider.log_in("ada", APP).id_token
    tokens = service.opened_by(id_token)

    answer = service.exchange(id_token)

    assert_refused(service, answer, "replayed")
    assert service.lets_in(tokens)


def test_a_token_for_another_client_opens_none(service: Service, provider: Provider) -> None:
    id_token = provider.log_in("ada", ANOTHER_APP).id_token

    answer = service.exchange(id_token)

    assert_refused(service, answer, "wrong_audience")


def test_a_provider_that_nobody_named_is_trusted_in_nothing(service: Service) -> None:
    with running_provider({APP: {}}, {}) as another:
        answer = service.exchange(another.log_in("ada", APP).id_token)

    assert_refused(service, answer, "unknown_issuer")


def test_a_new_key_counts_once_the_cool_down_is_over_and_the_old_one_counts_no_more(
    service: Service, unread_provider: Provider
) -> None:
    by_the_old_key = unread_provider.log_in("ada", APP).id_token
    service.opened_by(unread_provider.log_in("ada", APP).id_token)
    unread_provider.rotate_keys()
    by_the_new_key = unread_provider.log_in("ada", APP).id_token

    at_once = service.exchange(by_the_new_key)
    assert_refused(service, at_once, "unknown_key")
    passed = seconds_until_accepted(service, by_the_new_key, at_most=COOL_DOWN_SECONDS + 15)
    withdrawn = service.exchange(by_the_old_key)

    assert passed > COOL_DOWN_SECONDS - 5
    assert_refused(service, withdrawn, "unknown_key")


def test_keys_that_are_known_outlast_a_provider_that_is_down(service: Service, provider: Provider) -> None:
    id_token = provider.log_in("ada", APP).id_token
    service.opened_by(provider.log_in("ada", APP).id_token)

    with provider.down():
        tokens = service.opened_by(id_token)

    assert service.lets_in(tokens)


def test_while_a_provider_is_down_nobody_can_tell_and_its_token_is_good_afterwards(
    service: Service, unread_provider: Provider
) -> None:
    id_token = unread_provider.log_in("ada", APP).id_token

    with unread_provider.down():
        answer = service.exchange(id_token)
    passed = seconds_until_accepted(service, id_token, at_most=20)

    assert answer.status_code == 503
    assert passed < FUNCTION_SECONDS + 5


def test_a_provider_that_is_slow_is_a_failure_within_the_time_of_the_function(
    service: Service, unread_provider: Provider
) -> None:
    id_token = unread_provider.log_in("ada", APP).id_token

    started = time.monotonic()
    with unread_provider.slow(2 * FUNCTION_SECONDS):
        answer = service.exchange(id_token)
    passed = time.monotonic() - started

    assert answer.status_code == 503
    # In our words: API Gateway has others for a function that was late.
    assert answer.json()["error"] == "temporarily_unavailable"
    assert passed < 2 * PATIENCE_SECONDS + 1 < FUNCTION_SECONDS


def test_a_logout_at_the_provider_ends_the_session_of_that_login_at_once_and_no_other(
    service: Service, provider: Provider
) -> None:
    login, another_login = provider.log_in("ada", APP), provider.log_in("ada", APP)
    ended, others = service.opened_by(login.id_token), service.opened_by(another_login.id_token)
    somebodys = service.opened_by(provider.log_in("grace", APP).id_token)

    login.log_out()

    assert provider.deliveries() == [{"client": APP, "error": None}]
    assert not service.lets_in(ended)
    assert service.refresh(ended).status_code == 401
    assert service.lets_in(others)
    assert service.lets_in(somebodys)


def test_a_token_of_before_the_logout_opens_no_session_after_it(service: Service, provider: Provider) -> None:
    login = provider.log_in("ada", APP)

    login.log_out()
    answer = service.exchange(login.id_token)

    assert provider.deliveries() == [{"client": APP, "error": None}]
    assert_refused(service, answer, "logged_out")


def test_a_logout_leaves_the_unspent_token_of_another_login_of_the_user_alone(
    service: Service, provider: Provider
) -> None:
    login, another_login = provider.log_in("ada", APP), provider.log_in("ada", APP)

    login.log_out()

    assert service.lets_in(service.opened_by(another_login.id_token))


def test_a_session_from_a_token_that_names_no_login_ends_with_each_logout_of_its_user(
    service: Service, provider: Provider
) -> None:
    login = provider.log_in("barbara", APP, resource=API)
    tokens = service.opened_by(login.access_token)
    unspent = provider.log_in("barbara", APP, resource=API).access_token

    login.log_out()

    assert not service.lets_in(tokens)
    assert_refused(service, service.exchange(unspent), "logged_out")


def test_a_logout_that_names_no_login_ends_all_that_the_user_has_and_lets_them_log_in_again(
    service: Service, provider: Provider
) -> None:
    login = provider.log_in("radia", APP_WITHOUT_SIDS)
    unspent = provider.log_in("radia", APP).id_token
    all_of_the_user = [
        service.opened_by(each)
        for each in (
            login.id_token,
            provider.log_in("radia", APP_WITHOUT_SIDS).id_token,
            provider.log_in("radia", APP).id_token,
        )
    ]
    somebodys = service.opened_by(provider.log_in("grace", APP_WITHOUT_SIDS).id_token)

    login.log_out()

    assert provider.deliveries() == [{"client": APP_WITHOUT_SIDS, "error": None}]
    assert [service.lets_in(each) for each in all_of_the_user] == [False, False, False]
    assert service.lets_in(somebodys)
    assert_refused(service, service.exchange(unspent), "logged_out")
    wait_for_the_next_second()
    assert service.lets_in(service.opened_by(provider.log_in("radia", APP_WITHOUT_SIDS).id_token))


def test_a_logout_token_for_another_client_ends_nothing_and_the_provider_hears_so(
    service: Service, provider: Provider
) -> None:
    tokens = service.opened_by(provider.log_in("ada", APP).id_token)
    login = provider.log_in("ada", ANOTHER_APP)

    login.log_out()

    [delivery] = provider.deliveries()
    assert delivery["client"] == ANOTHER_APP
    assert delivery["error"].endswith("got: 400 Bad Request")
    assert service.reasons("LoginEndRefused")[-1] == "wrong_audience"
    assert service.lets_in(tokens)
