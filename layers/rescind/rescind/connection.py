"""One HTTP connection that stays open, for one exchange after the other: what DynamoDB speaks of RFC 9112.

http.client would do, and takes a third of the authorizer's time for it (docs/performance.md). This sends a
request in one piece, takes an answer that says its length, and refuses whatever it does not know. Then the
connection is of no more use: what is still to come on it would be taken for the answer to the next request.
"""

import re
import select
import socket
import ssl
from dataclasses import dataclass
from typing import Self

from rescind import deadline

_LONGEST_HEAD = 16_384
_LONGEST_BODY = 20_000_000
"""DynamoDB answers with 16 MB at most."""
_STATUS = re.compile(r"HTTP/1\.1 ([1-9][0-9]{2})( [^\r\n]*)?")
_LENGTH = re.compile(r"[0-9]{1,9}")


class BadAnswerError(Exception):
    """What came is no answer that we know how to read."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    """By their names in lower case."""
    body: bytes


class Connection:
    def __init__(self, connected: socket.socket, read_seconds: float) -> None:
        self._socket = connected
        self._read_seconds = read_seconds
        connected.settimeout(read_seconds)

    @classmethod
    def to(cls, host: str, *, port: int, is_encrypted: bool, read_seconds: float) -> Self:
        """Open one.

        Raises:
            OSError: it could not be opened, or the other side has not the certificate for that name.
        """
        connected = socket.create_connection((host, port), timeout=deadline.CONNECT_SECONDS)
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if is_encrypted:
                connected = ssl.create_default_context().wrap_socket(connected, server_hostname=host)
        except OSError:
            connected.close()
            raise
        return cls(connected, read_seconds)

    def is_quiet(self) -> bool:
        """Whether it is open, and nothing has come that nobody asked for."""
        if not select.select([self._socket], [], [], 0)[0]:
            return True
        # The end of it, somebody's answer, or what TLS itself has to say.
        self._socket.settimeout(0)
        try:
            self._socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        finally:
            self._socket.settimeout(self._read_seconds)
        return False

    def post(self, headers: dict[str, str], body: bytes) -> Answer:
        """Send `POST /` and read the answer.

        Raises:
            OSError: the connection failed, or the answer did not come in time.
            BadAnswerError: it is none that we know how to read. After either, close the connection.
        """
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        head = f"POST / HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
        self._socket.sendall(head.encode("ascii") + body)
        return self._read()

    def close(self) -> None:
        self._socket.close()

    def __del__(self) -> None:
        """Whoever has it no more would leave it open."""
        self.close()

    def _read(self) -> Answer:
        received = self._receive()
        while (end := received.find(b"\r\n\r\n")) < 0:
            if len(received) > _LONGEST_HEAD:
                raise BadAnswerError("a head without an end")
            received += self._receive()
        status, headers, length = _read_head(received[:end].decode("latin-1"))
        parts = [received[end + 4 :]]
        missing = length - len(parts[0])
        while missing > 0:
            parts.append(self._receive())
            missing -= len(parts[-1])
        if missing < 0:
            raise BadAnswerError("more than one answer")
        return Answer(status, headers, parts[0] if len(parts) == 1 else b"".join(parts))

    def _receive(self) -> bytes:
        received = self._socket.recv(65_536)
        if not received:
            raise ConnectionResetError("the other side has closed it")
        return received


def _read_head(head: str) -> tuple[int, dict[str, str], int]:
    """The status, the headers and the length of the body."""
    first, *lines = head.split("\r\n")
    status = _STATUS.fullmatch(first)
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip(" \t")
    length = headers.get("content-length", "")
    is_known = (
        status
        and len(headers) == len(lines)  # None comes twice.
        and "transfer-encoding" not in headers
        and _LENGTH.fullmatch(length)
    )
    if not is_known or int(length) > _LONGEST_BODY or status is None:
        raise BadAnswerError("an answer of another form")
    return int(status[1]), headers, int(length)
