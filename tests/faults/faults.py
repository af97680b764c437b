"""What can go wrong with one try of a call to AWS, one line each; the proxy makes it happen."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Protocol
from zlib import crc32

READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan"})
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"})
KMS = frozenset({"Decrypt", "GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPairWithoutPlaintext"})
TRANSACTIONS = frozenset({"TransactWriteItems"})
SETUP = frozenset({"DescribeTable", "DescribeTimeToLive", "DescribeContinuousBackups"})
DYNAMODB = READS | WRITES | SETUP
ALL = DYNAMODB | KMS


@dataclass(frozen=True)
class Request:
    headers: Mapping[str, str]
    body: bytes

    @property
    def operation(self) -> str:
        return self.headers.get("X-Amz-Target", "").rpartition(".")[2]


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Line(Protocol):
    """Between the two sides of a request."""

    def pass_on(self, request: Request) -> Answer: ...
    def send(self, answer: Answer) -> None: ...
    def hang_up(self, begun: Answer | None = None) -> None: ...
    def say_nothing(self) -> None: ...


@dataclass(frozen=True)
class Fault:
    name: str
    spoil: Callable[[Request, Line], None]
    of: frozenset[str]
    """The operations that it can happen to."""
    takes_effect: bool = False
    """Whether the call has done its work all the same."""
    refuses: bool = False
    """Whether it is the connection that fails, which a proxy that listens cannot do: injector.py does."""
    depends_on_time: bool = False
    """Whether what comes of it depends on how long there is."""
    tried_again: bool = True
    """Whether the SDK does so; else the first try is the call."""


class Length(Enum):
    """How long a fault lasts."""

    ONE_TRY = "once"  # The SDK's second try of the same call does well.
    THE_CALL = "twice"  # Both tries fail, and the calls after it do well.
    THE_REQUEST = "on"  # Nothing does well any more until the request is over.


def _says(code: str, status: int = 400, **members: Any) -> Callable[[Request, Line], None]:
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code, **members}
    return lambda _, line: line.send(Answer(status, json.dumps(body).encode()))


def _unavailable(_: Request, line: Line) -> None:
    line.send(Answer(503, b"<html>Service Unavailable</html>", {"Content-Type": "text/html"}))


def _conflict(request: Request, line: Line) -> None:
    if request.operation != "TransactWriteItems":
        return _says("TransactionConflictException")(request, line)
    others = len(json.loads(request.body)["TransactItems"]) - 1
    reasons = [{"Code": "TransactionConflict"}, *({"Code": "None"} for _ in range(others))]
    return _says("TransactionCanceledException", CancellationReasons=reasons)(request, line)


def _cancelled(request: Request, line: Line) -> None:
    reasons = [{"Code": "ThrottlingError"} for _ in json.loads(request.body)["TransactItems"]]
    _says("TransactionCanceledException", CancellationReasons=reasons)(request, line)


def _reset(request: Request, line: Line) -> None:
    line.hang_up(line.pass_on(request))


def _lost(request: Request, line: Line) -> None:
    line.pass_on(request)
    line.hang_up()


def _never_heard_of(_: Request, __: Line) -> None:
    raise AssertionError("a connection that was to be refused has been made")


def _silence(_: Request, line: Line) -> None:
    line.say_nothing()


def _cut(request: Request, line: Line) -> None:
    answer = line.pass_on(request)
    line.send(replace(answer, body=answer.body[: len(answer.body) // 2]))


def _another_body(text: str) -> Callable[[Request, Line], None]:
    def spoil(request: Request, line: Line) -> None:
        line.send(replace(line.pass_on(request), body=text.encode()))

    return spoil


def _damaged(request: Request, line: Line) -> None:
    """Something that could have been said, with the checksum of what was."""
    answer = line.pass_on(request)
    body = b"{}" if answer.body != b"{}" else b'{"Attributes": {}}'
    line.send(replace(answer, body=body, headers={**answer.headers, "x-amz-crc32": str(crc32(answer.body))}))


def _of_another_status(request: Request, line: Line) -> None:
    line.pass_on(request)
    line.send(Answer(201, b"<html>", {"Content-Type": "text/html"}))


def _left_over(request: Request, line: Line) -> None:
    keys = json.loads(request.body)["RequestItems"]
    line.send(Answer(200, json.dumps({"Responses": {}, "UnprocessedKeys": keys}).encode()))


def _partly_left_over(request: Request, line: Line) -> None:
    """As when one partition is throttled: its table is there, the blocklist first of all, without the row."""
    answer = line.pass_on(request)
    given, keys = json.loads(answer.body), json.loads(request.body)["RequestItems"]
    table = min(keys)
    given["Responses"][table] = []
    given["UnprocessedKeys"] = {table: keys[table]}
    line.send(replace(answer, body=json.dumps(given).encode()))


FAULTS = {
    fault.name: fault
    for fault in [
        Fault("throttled", _says("ProvisionedThroughputExceededException"), DYNAMODB),
        Fault("throttling", _says("ThrottlingException"), ALL),
        Fault("error-500", _says("InternalServerError", 500), ALL),
        Fault("error-503", _unavailable, ALL),
        Fault("refused", _never_heard_of, ALL, refuses=True),
        Fault("reset", _reset, ALL, takes_effect=True),
        Fault("silence", _silence, ALL, depends_on_time=True),
        Fault("cut-json", _cut, ALL, takes_effect=True, tried_again=False),
        Fault("no-json", _another_body("<html>"), ALL, takes_effect=True, tried_again=False),
        Fault("other-json", _another_body("[]"), ALL, takes_effect=True, tried_again=False),
        Fault(
            "misshapen-json",
            _another_body('{"Item": 7, "Items": {}, "Responses": [], "Plaintext": [], "PublicKey": {}}'),
            READS | KMS,
            takes_effect=True,
            tried_again=False,
        ),
        Fault("wrong-crc", _damaged, DYNAMODB, takes_effect=True),
        Fault("unprocessed", _left_over, frozenset({"BatchGetItem"}), tried_again=False),
        Fault("unprocessed-row", _partly_left_over, frozenset({"BatchGetItem"}), tried_again=False),
        Fault("no-table", _says("ResourceNotFoundException"), DYNAMODB, tried_again=False),
        Fault("no-key", _says("NotFoundException"), KMS, tried_again=False),
        Fault("denied", _says("AccessDeniedException"), ALL, tried_again=False),
        Fault("conflict", _conflict, WRITES, tried_again=False),
        Fault("cancelled", _cancelled, TRANSACTIONS, tried_again=False),
        Fault("in-progress", _says("TransactionInProgressException"), TRANSACTIONS),
        Fault("status-201", _of_another_status, ALL, takes_effect=True, tried_again=False),
        Fault(
            "other-key", _another_body('{"Plaintext": "c2V2ZW4="}'), frozenset({"Decrypt"}), tried_again=False
        ),
        Fault("lost", _lost, ALL, takes_effect=True),
    ]
}
