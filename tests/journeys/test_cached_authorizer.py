"""With a cache before the authorizer, a revocation takes effect within the bound that the answer states."""

import time
from collections.abc import Iterator

import pytest

from tests.journeys.conftest import Client
from tests.local_gateway import running_gateway

# It waits out the bound. That it is stated right, and that nothing is kept for longer, has quick tests:
# tests/flows/test_canary.py and tests/local/test_authorizer.py.
pytestmark = pytest.mark.proof

DELAY_SECONDS = 2


@pytest.fixture(scope="module")
def client(ministack: str) -> Iterator[Client]:
    with running_gateway(
        parameters={"RevocationDelaySeconds": DELAY_SECONDS},
        environment={"AWS_ENDPOINT_URL": ministack},
        arguments=["--stack", "journeys-cached"],
    ) as running:
        yield Client(running.base_url)


def test_a_token_that_was_taken_back_is_refused_when_the_answer_said_so(client: Client) -> None:
    tokens = client.log_in()
    assert client.me(tokens["access_token"]).status_code == 200

    before = time.time()
    logout = client.ask("POST", "/auth/logout", bearer=tokens["access_token"], json={})
    cached = client.me(tokens["access_token"])

    effective_by = logout.json()["effective_by"]
    assert before + DELAY_SECONDS <= effective_by <= time.time() + 1 + DELAY_SECONDS + 5
    assert cached.status_code == 200, "the cache answers for as long as the template lets it"
    time.sleep(max(0.0, effective_by - time.time()))
    assert client.me(tokens["access_token"]).status_code == 401


def test_a_cached_answer_is_right_for_every_route(client: Client) -> None:
    admin = client.log_in("admin")["access_token"]

    assert client.me(admin).status_code == 200

    unknown = "/admin/users/usr_" + "n" * 21 + "A"
    assert client.ask("GET", unknown, bearer=admin).status_code == 404
