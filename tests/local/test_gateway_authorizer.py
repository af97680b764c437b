"""A guarded API over HTTP: who gets in, and what the others are told."""

import httpx
import pytest

from tests.local_gateway import RunningGateway


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": token}


def test_without_a_token_a_guarded_route_answers_401_in_the_templates_words(client: httpx.Client) -> None:
    answer = client.get("/asked/x")

    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_token"})
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("token", "status", "body"),
    [
        ("refused", 401, {"error": "invalid_token"}),
        ("denied", 403, {"message": "User is not authorized to access this resource"}),
        ("broken", 503, {"error": "try_again"}),
        ("slow", 503, {"error": "try_again"}),
        ("malformed", 500, {"error": "server_error"}),
    ],
)
def test_what_the_authorizer_does_decides_the_answer(
    client: httpx.Client, token: str, status: int, body: dict[str, str]
) -> None:
    answer = client.get("/asked/x", headers=bearer(token))

    assert (answer.status_code, answer.json()) == (status, body)
    assert ("retry-after" in answer.headers) == (status == 503)


def test_the_authorizers_context_reaches_the_function_as_strings(client: httpx.Client) -> None:
    context = client.get("/asked/x", headers=bearer("good")).json()["event"]["requestContext"]["authorizer"]

    assert (context["principalId"], context["number"], context["kind"]) == ("me", "7", "REQUEST")


def test_an_open_route_has_no_authorizer_context(client: httpx.Client) -> None:
    assert "authorizer" not in client.get("/open").json()["event"]["requestContext"]


def test_a_token_authorizer_gets_the_header_that_it_names(client: httpx.Client) -> None:
    without = client.get("/token", headers=bearer("good"))
    given = client.get("/token", headers={"X-Key": "good"})

    assert without.status_code == 401
    assert given.json()["event"]["requestContext"]["authorizer"]["kind"] == "TOKEN"


def test_with_a_ttl_of_zero_the_authorizer_is_asked_each_time(client: httpx.Client) -> None:
    answers = {_authorizers_answer(client, "/asked/x", "good") for _ in range(3)}

    assert len(answers) == 3


def test_with_a_ttl_the_authorizers_answer_is_kept_for_the_token_on_every_route(
    client: httpx.Client,
) -> None:
    first = _authorizers_answer(client, "/kept/a", "good")

    assert _authorizers_answer(client, "/kept/b", "good") == first
    assert _authorizers_answer(client, "/kept/a", "another good one") != first


def test_a_kept_policy_for_one_path_does_not_open_another(client: httpx.Client) -> None:
    here = client.get("/kept/a", headers=bearer("narrow"))
    there = client.get("/kept/b", headers=bearer("narrow"))

    assert (here.status_code, there.status_code) == (200, 403)


def test_an_authorizers_exception_is_not_kept(client: httpx.Client, gateway: RunningGateway) -> None:
    before = gateway.output().count("ValueError: the store is away")

    for _ in range(2):
        assert client.get("/kept/a", headers=bearer("broken")).status_code == 503

    assert gateway.output().count("ValueError: the store is away") == before + 2


def test_an_authorizers_no_is_no_traceback(client: httpx.Client, gateway: RunningGateway) -> None:
    client.get("/asked/x", headers=bearer("refused"))

    assert "Exception: Unauthorized" not in gateway.output()


def _authorizers_answer(client: httpx.Client, path: str, token: str) -> str:
    told = client.get(path, headers=bearer(token)).json()
    return str(told["event"]["requestContext"]["authorizer"]["answer"])
