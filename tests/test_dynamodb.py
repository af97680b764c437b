"""The authorizer's own way to DynamoDB, over real connections: what it sends, believes, and asks again."""

import json
import random
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from rescind import authorizer_wiring, aws, deadline, sdk
from rescind.dynamodb import IDLE_SECONDS, DynamoDBReads
from rescind.signing import Credentials, Signer
from rescind.unavailable import UnavailableError
from tests.certificates import a_certificate

READ = {"TableName": "Keys", "Key": {"purpose": {"S": "access_token"}}, "ConsistentRead": True}
ROW = {"Item": {"purpose": {"S": "access_token"}, "revision": {"N": "1"}}}

Speak = Callable[[socket.socket], None]
"""What becomes of one request, once it has been read."""


def answer(body: bytes, *, status: int = 200, crc: int | None = None, length: int | None = None) -> Speak:
    head = f"HTTP/1.1 {status} Some\r\nx-amz-crc32: {crc32(body) if crc is None else crc}\r\n"
    head += f"Content-Length: {len(body) if length is None else length}\r\n\r\n"
    return lambda connection: connection.sendall(head.encode() + body)


def says(members: Any, *, status: int = 200) -> Speak:
    return answer(json.dumps(members).encode(), status=status)


def fails(code: str, *, status: int = 400) -> Speak:
    return says({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no"}, status=status)


def hangs_up(connection: socket.socket) -> None:
    connection.close()


def resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def says_nothing(_: socket.socket) -> None: ...


def says_half(connection: socket.socket) -> None:
    answer(b'{"Item":', length=100)(connection)
    connection.close()


GOOD = says(ROW)


@dataclass
class Server:
    """On loopback; each request meets the next of `script`, or is not answered."""

    script: list[Speak]
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    tls: ssl.SSLContext | None = None
    readers: list[DynamoDBReads] = field(default_factory=list)

    def serve(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            self.connections += 1
            with suppress(OSError):
                if self.tls:
                    connection = self.tls.wrap_socket(connection, server_side=True)
                connection.settimeout(5)
                while asked := self._request(connection):
                    self.requests.append(asked)
                    self.script.pop(0)(connection)
            connection.close()

    def _request(self, connection: socket.socket) -> bytes:
        asked = b""
        while b"\r\n\r\n" not in asked or len(asked) < _length_of(asked):
            more = connection.recv(65_536)
            if not more:
                return b""
            asked += more
        return asked


def _length_of(asked: bytes) -> int:
    head, _, _ = asked.partition(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return len(head) + 4 + int(length.partition(b":")[2])


@contextmanager
def serving(*script: Speak, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(list(script), port=listening.getsockname()[1], tls=tls)
        thread = threading.Thread(target=server.serve, args=(listening,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            for reads in server.readers:
                reads.close()
            listening.shutdown(socket.SHUT_RDWR)
            listening.close()
            thread.join(timeout=10)


def reads_of(server: Server, *, read_seconds: float = 0.2, host: str = "127.0.0.1") -> DynamoDBReads:
    scheme = "https" if server.tls else "http"
    signer = Signer("eu-west-1", lambda: Credentials("AKID", "secret", "token"))
    reads = DynamoDBReads(f"{scheme}://{host}:{server.port}", signer, read_seconds=read_seconds)
    server.readers.append(reads)
    return reads


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Each pause between two tries, which takes no time."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


# What it sends, and what it makes of an answer


def test_a_request_is_what_dynamodb_expects() -> None:
    with serving(GOOD) as server:
        assert reads_of(server).get_item(**READ) == ROW

    [request] = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    line, *rest = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in rest)}
    assert line == "POST / HTTP/1.1"
    assert headers["host"] == f"127.0.0.1:{server.port}"
    assert headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert headers["content-type"] == "application/x-amz-json-1.0"
    assert headers["x-amz-security-token"] == "token"
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKID/")
    assert json.loads(body) == READ


@pytest.mark.ministack
def test_the_answers_are_those_of_the_sdk(ministack: str, ministack_client: Any) -> None:
    key = {"pk": {"S": "one"}}
    row = {
        **key,
        "b": {"B": b"\x00\xff"},
        "B": {"M": {"B": {"B": b"inner"}, "list": {"L": [{"B": b""}, {"N": "1"}, {"BOOL": True}]}}},
    }
    table = f"reads-{random.randrange(10**9)}"  # noqa: S311 - a name of its own
    ministack_client.create_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    ministack_client.put_item(TableName=table, Item=row)
    reads = DynamoDBReads(ministack, Signer("us-east-1", lambda: Credentials("testing", "testing", None)))
    asked: dict[str, dict[str, Any]] = {
        "get_item": {"TableName": table, "Key": key},
        "batch_get_item": {"RequestItems": {table: {"Keys": [key, {"pk": {"S": "two"}}]}}},
        "query": {
            "TableName": table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": key["pk"]},
        },
    }

    for operation, parameters in asked.items():
        by_the_sdk = getattr(ministack_client, operation)(**parameters)
        del by_the_sdk["ResponseMetadata"]
        assert getattr(reads, operation)(**parameters) == by_the_sdk, operation
    reads.close()


def test_one_connection_serves_one_request_after_the_other() -> None:
    with serving(GOOD, fails("ResourceNotFoundException"), GOOD) as server:
        reads = reads_of(server)
        reads.get_item(**READ)
        with pytest.raises(UnavailableError, match="ResourceNotFoundException"):
            reads.get_item(**READ)
        reads.get_item(**READ)

    assert (server.connections, len(server.requests)) == (1, 3)


# When it asks again


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(fails("InternalServerError", status=500), id="an-error-of-theirs"),
        pytest.param(answer(b"<html>", status=503), id="503-without-json"),
        pytest.param(fails("ThrottlingException"), id="throttled"),
        pytest.param(fails("ProvisionedThroughputExceededException"), id="throttled-by-the-table"),
        pytest.param(fails("RequestLimitExceeded"), id="throttled-by-the-account"),
        pytest.param(answer(b"{}", crc=1), id="damaged"),
        pytest.param(says_half, id="half-an-answer"),
        pytest.param(says_nothing, id="silence"),
        pytest.param(hangs_up, id="hung-up"),
        pytest.param(resets, id="reset"),
        pytest.param(lambda connection: connection.sendall(b"no HTTP\r\n\r\n"), id="no-http"),
    ],
)
def test_what_may_have_passed_is_tried_once_more(failure: Speak, pauses: list[float]) -> None:
    with serving(failure, GOOD) as server:
        assert reads_of(server).get_item(**READ) == ROW
    with serving(failure, failure, GOOD) as server, pytest.raises(UnavailableError):
        reads_of(server).get_item(**READ)

    assert len(server.requests) == 2
    assert len(pauses) == 2
    assert all(0 <= pause <= 0.25 for pause in pauses)


@pytest.mark.parametrize(
    ("failure", "name"),
    [
        (fails("ResourceNotFoundException"), "ResourceNotFoundException"),
        (fails("AccessDeniedException"), "AccessDeniedException"),
        (answer(b"<html>"), "not JSON"),
        (answer(b"[]"), "not JSON"),
        (answer(b"{"), "not JSON"),
        (answer(b'{"Item": {"b": {"B": "no base64"}}}'), "not JSON"),
        (says({"Item": 7}), "another shape"),
        (says({"Item": [ROW]}), "another shape"),
        (says({"Items": {"a": ROW}}), "another shape"),
        (says({"Items": [ROW, None]}), "another shape"),
        (says({"Responses": []}), "another shape"),
        (says({"Responses": {"Users": 7}}), "another shape"),
        (says({"Responses": {"Users": {"a": ROW}}}), "another shape"),
        (answer(b"[" * 100_000), "not JSON"),
        (answer(b"<html>", status=201), "HTTP 201"),
        (answer(b'{"__type": 7}', status=400), "get_item: 7"),
        (answer(b"[]", status=400), "HTTP 400"),
        (answer(b"", status=302), "HTTP 302"),
    ],
)
def test_what_will_not_pass_fails_at_once(failure: Speak, name: str, pauses: list[float]) -> None:
    with serving(failure, GOOD) as server, pytest.raises(UnavailableError, match=name):
        aws.call(reads_of(server).get_item, **READ)

    assert (len(server.requests), pauses) == (1, [])


@pytest.mark.parametrize("ends", [hangs_up, resets])
def test_a_connection_that_the_other_side_has_closed_costs_no_pause(ends: Speak, pauses: list[float]) -> None:
    with serving(GOOD, ends, GOOD) as server:
        reads = reads_of(server)
        reads.get_item(**READ)
        assert reads.get_item(**READ) == ROW

    assert (server.connections, pauses) == (2, [])


def test_what_is_left_of_an_answer_is_never_taken_for_the_next(pauses: list[float]) -> None:
    # It comes when the first try has given up, and would be read by the second, on the same connection.
    def says_late(connection: socket.socket) -> None:
        threading.Event().wait(0.3)
        says({"Item": {"late": {"S": "of the first try"}}})(connection)

    with serving(says_late, GOOD) as server:
        assert reads_of(server, read_seconds=0.25).get_item(**READ) == ROW

    assert server.connections == 2
    assert len(pauses) == 1


@pytest.mark.parametrize("more", [GOOD, answer(b"", status=408), hangs_up], ids=["200", "408", "an-end"])
def test_what_comes_without_being_asked_for_is_nobodys_answer(more: Speak, pauses: list[float]) -> None:
    came = threading.Event()

    def says_more(connection: socket.socket) -> None:
        says({"Item": {"of": {"S": "the first"}}})(connection)
        threading.Event().wait(0.05)
        more(connection)
        came.set()

    with serving(says_more, GOOD) as server:
        reads = reads_of(server)
        assert reads.get_item(**READ) == {"Item": {"of": {"S": "the first"}}}
        assert came.wait(5)
        assert reads.get_item(**READ) == ROW

    assert (server.connections, pauses) == (2, [])


@pytest.mark.parametrize("seconds", [IDLE_SECONDS + 1, -1])
def test_a_connection_that_was_idle_for_long_is_not_trusted(
    seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    with serving(GOOD, GOOD, GOOD) as server:
        reads = reads_of(server)
        reads.get_item(**READ)
        monkeypatch.setattr(time, "time", lambda: now + IDLE_SECONDS - 1)
        reads.get_item(**READ)
        assert server.connections == 1
        monkeypatch.setattr(time, "time", lambda: now + IDLE_SECONDS - 1 + seconds)
        reads.get_item(**READ)

    assert server.connections == 2


class _Invocation:
    def __init__(self, seconds: float) -> None:
        self._milliseconds = int(seconds * 1000)

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


def test_where_no_time_is_left_nothing_is_sent() -> None:
    with (
        serving(GOOD) as server,
        deadline.of_invocation(_Invocation(1)),
        pytest.raises(UnavailableError, match="get_item: no time is left"),
    ):
        aws.call(reads_of(server).get_item, **READ)

    assert server.requests == []


def test_where_no_time_is_left_for_another_try_the_failure_is_said(pauses: list[float]) -> None:
    with (
        serving(fails("ThrottlingException"), GOOD) as server,
        deadline.of_invocation(_Invocation(2)),
        pytest.raises(UnavailableError, match="get_item: ThrottlingException"),
    ):
        aws.call(reads_of(server).get_item, **READ)

    assert (len(server.requests), pauses) == (1, [])


def test_who_does_not_take_a_connection_is_asked_twice(pauses: list[float]) -> None:
    with serving() as server:
        pass  # It has gone.

    with pytest.raises(UnavailableError, match="get_item: ConnectionRefusedError"):
        aws.call(reads_of(server).get_item, **READ)

    assert len(pauses) == 1


# Whom it believes


def test_a_server_is_believed_by_its_certificate_and_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    certificate, key = a_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    with serving(GOOD, tls=context) as server:
        with pytest.raises(UnavailableError, match="SSLCertVerificationError"):
            reads_of(server).get_item(**READ)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with pytest.raises(UnavailableError, match="SSLCertVerificationError"):
            reads_of(server, host="localhost").get_item(**READ)
        assert server.requests == []
        assert reads_of(server).get_item(**READ) == ROW
    del pauses


# Where it asks, and as whom


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    authorizer_wiring.reads.cache_clear()
    yield monkeypatch
    authorizer_wiring.reads.cache_clear()


@pytest.mark.parametrize(
    "settings",
    [
        {"AWS_DEFAULT_REGION": "eu-west-1"},
        {"AWS_DEFAULT_REGION": "ap-southeast-2", "AWS_REGION": "ap-southeast-2"},
        {"AWS_DEFAULT_REGION": "us-gov-west-1"},
        {"AWS_DEFAULT_REGION": "cn-north-1"},
        {"AWS_DEFAULT_REGION": "us-iso-east-1"},
        {"AWS_DEFAULT_REGION": "eu-isoe-west-1"},
        {"AWS_USE_FIPS_ENDPOINT": "true"},
        {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:8000"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    ],
    ids=lambda settings: " ".join(settings.values()),
)
def test_it_asks_where_the_sdk_would(environment: pytest.MonkeyPatch, settings: dict[str, str]) -> None:
    for name, value in settings.items():
        environment.setenv(name, value)

    assert authorizer_wiring.endpoint() == sdk.endpoint("dynamodb")


def test_it_signs_with_what_lambda_has_put_into_the_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_SESSION_TOKEN", "of the sandbox")

    assert authorizer_wiring.credentials()() == Credentials("testing", "testing", "of the sandbox")
