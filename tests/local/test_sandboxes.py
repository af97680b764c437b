"""Functions as they find themselves in their sandboxes, seen over HTTP."""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.local_gateway import RunningGateway

SERVER_ERROR = {"error": "server_error"}


def order(client: httpx.Client, answer: Any) -> httpx.Response:
    """The function behind it answers what it is sent."""
    return client.post("/answer", json=answer)


@pytest.mark.parametrize("how", ["raise", "exit", "quit", "sleep", "set", "no proxy response"])
def test_a_function_that_fails_is_a_502_and_the_next_call_works(client: httpx.Client, how: str) -> None:
    failed = order(client, how)
    next_one = order(client, {"statusCode": 204})

    assert (failed.status_code, failed.json()) == (502, SERVER_ERROR)
    assert failed.headers["cache-control"] == "no-store"
    assert next_one.status_code == 204


def test_a_function_has_its_own_environment_and_none_of_mine(client: httpx.Client) -> None:
    told = client.get("/open").json()

    environment = told["environment"]
    assert environment["WORD"] == "two words local"
    assert environment["TABLE"].startswith("local-Things-")
    assert environment["KEY"].startswith("arn:aws:kms:us-east-1:000000000000:key/")
    assert environment["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "local-Echo"
    assert "OF_MY_SHELL" not in environment
    assert "PYTHONPATH" not in environment
    assert told["context"] == [
        "local-Echo",
        "512",
        "arn:aws:lambda:us-east-1:000000000000:function:local-Echo",
        True,
    ]


def test_a_function_finds_its_layer_and_its_table(client: httpx.Client) -> None:
    told = client.get("/open").json()

    assert told["shared"] == "from the layer"
    assert told["ttl"] == "ENABLED"


def test_log_lines_are_shown_and_powertools_writes_no_metrics(
    client: httpx.Client, gateway: RunningGateway
) -> None:
    environment = client.get("/open").json()["environment"]

    assert "a line of the function's log" in gateway.output()
    assert environment["POWERTOOLS_METRICS_DISABLED"] == "true"


def test_requests_run_at_once_each_in_a_sandbox_of_its_own(client: httpx.Client) -> None:
    started = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        naps = list(pool.map(lambda _: client.get("/nap?seconds=0.4").json(), range(4)))
    took = time.monotonic() - started

    assert len({nap["pid"] for nap in naps}) == 4
    assert took < 1.2


def test_a_sandbox_takes_one_event_at_a_time_and_then_the_next(client: httpx.Client) -> None:
    with ThreadPoolExecutor(20) as pool:
        naps = list(pool.map(lambda _: client.get("/nap?seconds=0.05").json(), range(40)))

    by_process: dict[int, list[tuple[float, float]]] = {}
    for nap in naps:
        by_process.setdefault(nap["pid"], []).append((nap["from"], nap["to"]))
    assert len(by_process) <= 16
    for times in by_process.values():
        times.sort()
        assert all(one[1] <= other[0] for one, other in itertools.pairwise(times))


def test_a_changed_source_is_in_force_at_once(client: httpx.Client, folder: Path) -> None:
    old = client.get("/open").json()["shared"]

    source = folder / "shared" / "sharing.py"
    before = source.read_text()
    source.write_text("def shared():\n    return 'changed'\n")
    time.sleep(0.6)  # It looks every half second.
    new = client.get("/open").json()["shared"]
    source.write_text(before)
    time.sleep(0.6)

    assert (old, new) == ("from the layer", "changed")
