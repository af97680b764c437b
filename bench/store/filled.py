"""A ministack whose tables can be filled at once: a million rows in seconds, as no client could write them.

Rows are copies of one that was written through its API, with other keys, put where it stands: what reads them
is ministack as it is. They share what is not their key, or a million would take gigabytes.
"""

import asyncio
import gc
import importlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from rescind_local.deploy import emulator_process
from rescind_local.deploy.emulator import running_emulator

_PROGRAM = "from bench.store.filled import main; main()"
_PATH = "/_bench/fill"
_PATIENCE_SECONDS = 120
_NOBODY = "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/dynamodb/aws4_request, Signature=0"


@contextmanager
def emulated() -> Iterator[str]:
    """Its endpoint."""
    with running_emulator(program=_PROGRAM) as emulator:
        emulator.wait()
        yield emulator.endpoint


def put(endpoint: str, *, table: str, rows: list[Any]) -> None:
    """Through its API, as they go over the wire."""
    asked = {"RequestItems": {table: [{"PutRequest": {"Item": row}} for row in rows]}}
    _ask(endpoint, "/", asked, {"X-Amz-Target": "DynamoDB_20120810.BatchWriteItem", "Authorization": _NOBODY})


def fill(endpoint: str, *, table: str, rows: int) -> None:
    """Put so many copies of the table's one row beside it."""
    _ask(endpoint, _PATH, {"table": table, "rows": rows}, {})


def _ask(endpoint: str, path: str, asked: Any, headers: dict[str, str]) -> None:
    connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=_PATIENCE_SECONDS)
    connection.request("POST", path, json.dumps(asked), headers)
    answer = connection.getresponse()
    said = answer.read().decode()
    connection.close()
    if answer.status != 200:  # noqa: PLR2004 - HTTP's
        raise RuntimeError(f"the table could not be filled: {said}")


def main() -> None:
    """What runs in the ministack process."""
    module = importlib.import_module("ministack.app")
    within = module.app

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != _PATH:
            await within(scope, receive, send)
            return
        status, text = 200, "{}"
        try:
            _put(json.loads((await receive())["body"]))
        except (LookupError, ValueError) as error:
            status, text = 500, repr(error)
        await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": text.encode()})

    vars(module)["app"] = app
    emulator_process.main()


def _put(told: Any) -> None:
    dynamodb = importlib.import_module("ministack.services.dynamodb")
    tables = vars(dynamodb)["_tables"]._data.values()  # noqa: SLF001 - it has no other way in
    [table] = [each for each in tables if each["TableName"] == told["table"]]
    items, key = table["items"], table["pk_name"]
    [(first, partition)] = items.items()
    [(sort, row)] = partition.items()
    for number in range(told["rows"]):
        # As long as the first one's, and as random to a hash.
        name = f"{first[:4]}{number:0{len(first) - 5}x}A"
        items[name] = {sort: {**row, key: {"S": name}}}
    gc.freeze()  # Or Python would look at them all from time to time, in the midst of an answer.
