"""Each thing that `mends.py` does by hand is left out by SAM CLI still: when one fails, its mend is to go."""

from collections.abc import Iterator

import httpx
import pytest

from tests.journeys.gateways import Gateway
from tests.sam_local.running import SamLocal, free_port
from tests.sam_local.sam import RunningApi
from tests.things import PASSWORD

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def asked(sam_local_api: RunningApi) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sam_local_api.base_url, timeout=60) as client:
        yield client


def test_an_authorizer_that_says_unauthorized_has_failed_to_sam(
    asked: httpx.Client, sam_local_gateway: Gateway
) -> None:
    answer = asked.get("/auth/me", headers={"Authorization": "Bearer not.a.token"})

    assert (answer.status_code, answer.json()) == (502, {"message": "Internal server error"})
    assert sam_local_gateway.mend(answer).status_code == 401


def test_gateway_responses_are_not_those_of_the_template(asked: httpx.Client) -> None:
    without_token, without_route = asked.get("/auth/me"), asked.get("/nothing")

    assert (without_token.status_code, without_token.json()) == (401, {"message": "Unauthorized"})
    assert "WWW-Authenticate" not in without_token.headers
    assert (without_route.status_code, without_route.json()) == (
        403,
        {"message": "Missing Authentication Token"},
    )


def test_no_header_of_a_function_is_renamed(asked: httpx.Client) -> None:
    answer = asked.post("/auth/refresh", json={"refresh_token": "r1.not-a-token"})

    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers
    assert "x-amzn-remapped-www-authenticate" not in answer.headers


@pytest.mark.usefixtures("sam_local_gateway")
def test_by_an_alias_no_authorizer_is_found_and_the_function_itself_refuses(
    sam_local: SamLocal, asked: httpx.Client
) -> None:
    """So `sam local start-api` on the template as it was built lets nobody in, whatever the token."""
    body = {"username": "demo", "password": PASSWORD}
    bearer = {"Authorization": f"Bearer {asked.post('/auth/login', json=body).json()['access_token']}"}
    assert asked.get("/auth/me", headers=bearer).status_code == 200

    with sam_local.sam.api(free_port()) as as_built:
        refused = httpx.get(f"{as_built.base_url}/auth/me", headers=bearer, timeout=60)

    assert "Unable to parse the Lambda ARN for Authorizer 'Rescind', skipping" in as_built.output()
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")
