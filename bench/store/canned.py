"""A DynamoDB on loopback that costs as little as a server in Python can: it is not what is measured.

Run as a program: the rows come as JSON on stdin, the port goes to stdout, and the end of stdin is its end.
An answer is looked up in the rows once, and from then on given by the bytes of the question. `recorded` has
answers that somebody else has given, by operation and tables, in their order; writes are answered so.
"""

import binascii
import itertools
import json
import os
import re
import socket
import sys
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from typing import Any

_TARGET = re.compile(rb"\r\nx-amz-target: *[^.\r]*\.([A-Za-z]+)", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_WRITES = {"PutItem", "UpdateItem", "DeleteItem"}
_PAGE_BYTES = 1_000_000
Question = tuple[bytes, bytes]


class Answers:
    def __init__(self, rows: dict[str, list[Any]], recorded: dict[str, list[Any]]) -> None:
        self._rows = rows
        self._recorded: dict[str, Iterator[bytes]] = {
            name: itertools.cycle([_http(json.dumps(each).encode()) for each in answers])
            for name, answers in recorded.items()
        }
        self._known: dict[Question, bytes] = {}
        self._feed: dict[str, list[Any]] = {}

    def of(self, question: Question) -> bytes:
        known = self._known.get(question)
        if known is not None:
            return known
        operation, asked = question[0].decode(), json.loads(question[1])
        if self._recorded:
            return next(self._recorded[recorded_name(operation, asked)])
        if operation in _WRITES:
            return _http(b"{}")
        answers: dict[str, Callable[[Any], Any]] = {
            "GetItem": self._get,
            "BatchGetItem": self._batch_get,
            "Query": self._query,
        }
        answer = _http(json.dumps(answers[operation](asked)).encode())
        if operation != "Query":  # Each is asked with another time.
            self._known[question] = answer
        return answer

    def _get(self, asked: Any) -> Any:
        found = self._found(asked["TableName"], asked["Key"])
        return {"Item": found[0]} if found else {}

    def _batch_get(self, asked: Any) -> Any:
        return {
            "Responses": {
                table: [row for key in each["Keys"] for row in self._found(table, key)]
                for table, each in asked["RequestItems"].items()
            },
            "UnprocessedKeys": {},
        }

    def _query(self, asked: Any) -> Any:
        """Of the feed: one copy, between two values of its sort key, in pages of a megabyte."""
        values = sorted(each["S"] for each in asked["ExpressionAttributeValues"].values())
        copy, after, until = values  # A copy's name is shorter than a time, and sorts before it.
        if copy not in self._feed:
            self._feed[copy] = self._copy(asked["TableName"], copy)
        rows = self._feed[copy]
        size = 0
        page: list[Any] = []
        for row in rows[bisect_left(rows, after, key=_at) : bisect_right(rows, until, key=_at)]:
            size += sum(len(name) + len(text) for name, value in row.items() for text in value.values())
            if size > _PAGE_BYTES:
                last = {name: page[-1][name] for name in ("copy", "at")}
                return {"Items": page, "Count": len(page), "LastEvaluatedKey": last}
            page.append(row)
        return {"Items": page, "Count": len(page)}

    def _copy(self, table: str, copy: str) -> list[Any]:
        return sorted((row for row in self._rows[table] if row["copy"]["S"] == copy), key=_at)

    def _found(self, table: str, key: Any) -> list[Any]:
        return [row for row in self._rows[table] if key.items() <= row.items()]


def _at(row: Any) -> str:
    return str(row["at"]["S"])


def recorded_name(operation: str, asked: Any) -> str:
    """The operation, the tables that it is about, and which keys where it is about keys."""
    tables = re.findall(r'"TableName": "([^"]+)"', json.dumps(asked)) or sorted(asked.get("RequestItems", ()))
    purpose = asked.get("Key", {}).get("purpose", {}).get("S") or asked.get("EncryptionContext", {}).get(
        "purpose"
    )
    return f"{operation} {','.join(tables)} {purpose or ''}"


def _http(body: bytes) -> bytes:
    head = (
        "HTTP/1.1 200 OK\r\nServer: Server\r\nDate: Tue, 24 Nov 2026 12:00:00 GMT\r\n"
        f"Content-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n"
        "Connection: keep-alive\r\n"
        f"x-amzn-RequestId: {'A' * 52}\r\nx-amz-crc32: {binascii.crc32(body)}\r\n\r\n"
    )
    return head.encode() + body


def _serve(connection: socket.socket, answers: Answers) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    buffered = b""
    while received := connection.recv(65_536):
        buffered += received
        while (end := buffered.find(b"\r\n\r\n")) >= 0:
            head = buffered[:end]
            length, target = _LENGTH.search(head), _TARGET.search(head)
            begin, stop = end + 4, end + 4 + (int(length[1]) if length else 0)
            if len(buffered) < stop or target is None:
                break
            connection.sendall(answers.of((target[1], buffered[begin:stop])))
            buffered = buffered[stop:]


def main() -> None:
    told = json.loads(sys.stdin.buffer.readline())
    answers = Answers(told["rows"], told.get("recorded", {}))
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        print(listener.getsockname()[1], flush=True)
        threading.Thread(target=_end_with_the_parent, daemon=True).start()
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_serve, args=(connection, answers), daemon=True).start()


def _end_with_the_parent() -> None:
    while sys.stdin.buffer.read(1):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
