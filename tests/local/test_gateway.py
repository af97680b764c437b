"""Requests and answers over HTTP, as a REST API hands them on."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.local.processes import listening_addresses, process_tree
from tests.local_gateway import RunningGateway


def order(client: httpx.Client, answer: Any) -> httpx.Response:
    """The function behind it answers what it is sent."""
    return client.post("/answer", json=answer)


def test_path_query_and_headers_reach_the_function_as_they_were_sent(client: httpx.Client) -> None:
    headers = [("Authorization", "good"), ("X-Several", "a"), ("X-Several", "b")]
    answer = client.get("/asked/a%2Fb?q=1&q=2", headers=headers)

    event = answer.json()["event"]
    assert event["resource"] == "/asked/{name}"
    assert event["path"] == "/asked/a%2Fb"
    assert event["pathParameters"] == {"name": "a/b"}
    assert event["multiValueQueryStringParameters"] == {"q": ["1", "2"]}
    assert event["multiValueHeaders"]["X-Several"] == ["a", "b"]
    assert event["headers"]["X-Several"] == "b"


def test_both_names_of_this_machine_are_served(gateway: RunningGateway) -> None:
    for host in ("localhost", "127.0.0.1"):
        assert httpx.get(f"http://{host}:{gateway.port}/open").status_code == 200


def test_a_body_reaches_the_function_whatever_it_is(client: httpx.Client) -> None:
    text = client.post("/open", content="grüße").json()["event"]
    binary = client.put("/open", content=b"\xff\x00").json()["event"]

    assert (text["httpMethod"], text["body"], text["isBase64Encoded"]) == ("POST", "grüße", False)
    assert (binary["httpMethod"], binary["body"], binary["isBase64Encoded"]) == ("PUT", "/wA=", True)


def test_several_cookies_come_back_apart(client: httpx.Client) -> None:
    answer = order(client, {"statusCode": 200, "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}})

    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_a_functions_www_authenticate_is_renamed_as_api_gateway_does(client: httpx.Client) -> None:
    answer = order(client, {"statusCode": 401, "headers": {"WWW-Authenticate": "Bearer"}})

    assert answer.status_code == 401
    assert answer.headers["x-amzn-Remapped-WWW-Authenticate"] == "Bearer"
    assert "www-authenticate" not in answer.headers


def test_a_preflight_is_answered_by_the_template_and_by_no_function(client: httpx.Client) -> None:
    answer = client.options("/asked/x")

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://page.example"


def test_an_unknown_route_or_method_is_the_gateways_to_refuse(client: httpx.Client) -> None:
    for answer in (client.get("/nowhere"), client.delete("/answer"), client.get("/asked/x/")):
        assert (answer.status_code, answer.json()) == (404, {"error": "not_found"})


def test_a_request_larger_than_10_mb_is_refused(client: httpx.Client) -> None:
    largest = client.post("/answer", content=b" " * (10 * 1024 * 1024 - 4) + b"null")
    too_large = client.post("/answer", content=b" " * (10 * 1024 * 1024 + 1))

    assert largest.status_code == 502  # The function was asked; null is no answer of its.
    assert too_large.status_code == 413


def test_a_header_of_10_kb_arrives(client: httpx.Client) -> None:
    event = client.get("/open", headers={"Authorization": "x" * 10_000}).json()["event"]

    assert len(event["headers"]["Authorization"]) == 10_000


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads the sockets from /proc")
def test_nothing_listens_beyond_this_machine(gateway: RunningGateway, client: httpx.Client) -> None:
    assert client.get("/open").status_code == 200

    addresses = listening_addresses(process_tree(gateway.process.pid))

    assert ("127.0.0.1", gateway.port) in addresses
    assert {address for address, _ in addresses} <= {"127.0.0.1", "::1"}


def test_an_answer_names_its_request(client: httpx.Client) -> None:
    answer = client.get("/open")

    assert (
        answer.headers["x-amzn-RequestId"] == json.loads(answer.text)["event"]["requestContext"]["requestId"]
    )
