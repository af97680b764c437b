"""Each thing that `mends.py` does by hand is left out by SAM CLI still: when one fails, its mend is to go."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.functions.conftest import recorded
from tests.journeys.gateways import Gateway
from tests.sam_local.fixtures import SamLocal
from tests.sam_local.sam import BUILT, RunningApi

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def asked(sam_local_api: RunningApi) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{sam_local_api.host}:{sam_local_api.port}", timeout=60) as client:
        yield client


def test_an_authorizer_that_says_unauthorized_has_failed_to_sam(asked: httpx.Client, sam_local_gateway: Gateway) -> None:
    answer = asked.get("/auth/me", headers={"Authorization": "Bearer not.a.token"})

    assert (answer.status_code, answer.json()) == (502, {"message": "Internal server error"})
    assert sam_local_gateway.mend(answer).status_code == 401


def test_gateway_responses_are_not_those_of_the_template(asked: httpx.Client) -> None:
    without_token, without_route = asked.get("/auth/me"), asked.get("/nothing")

    assert (without_token.status_code, without_token.json()) == (401, {"message": "Unauthorized"})
    assert "WWW-Authenticate" not in without_token.headers
    assert (without_route.status_code, without_route.json()) == (403, {"message": "Missing Authentication Token"})


def test_no_header_of_a_function_is_renamed(asked: httpx.Client, sam_local_gateway: Gateway) -> None:
    answer = asked.post("/auth/refresh", json={"refresh_token": "r1.not-a-token"})

    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers
    assert "x-amzn-remapped-www-authenticate" in sam_local_gateway.mend(answer).headers


def test_by_an_alias_no_authorizer_is_found_and_the_functions_refuse_themselves(
    sam_local: SamLocal, asked: httpx.Client
) -> None:
    with sam_local.sam.api(sam_local.host, 0) as as_built:
        output = as_built.output()
    assert "Unable to parse the Lambda ARN for Authorizer 'Rescind', skipping" in output
