"""Stands on loopback before a server, and loses the connections that are kept, as networks do."""

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER for no time at all
_READ_BYTES = 65_536


class Loss(Enum):
    CLOSED = "closed"
    """The server has closed it, and said so."""
    RESET = "reset"
    """Somebody on the way has forgotten it: what is sent on it is answered by a reset."""
    SILENT = "silent"
    """Likewise, and nothing is answered at all."""


class Relay:
    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.kept: set[_Connection] = set()

    def lose(self, how: Loss) -> int:
        """All connections that are kept now, and how many; new ones are good."""
        lost = list(self.kept)
        for connection in lost:
            connection.lose(how)
        return len(lost)


@contextmanager
def running_relay(server: str) -> Iterator[Relay]:
    """Before the server of this address."""
    host, port = urlsplit(server).hostname, urlsplit(server).port

    class Accepted(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((host, port)) as there:
                connection = _Connection(self.request, there)
                relay.kept.add(connection)
                connection.carry()
                relay.kept.discard(connection)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Accepted) as listener:
        relay = Relay(f"http://127.0.0.1:{listener.server_address[1]}")
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield relay
        finally:
            listener.shutdown()
            thread.join()
            for connection in list(relay.kept):
                connection.end()


class _Connection:
    def __init__(self, client: Any, server: socket.socket) -> None:
        self._client: socket.socket = client
        self._server = server
        self._lost: Loss | None = None
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def carry(self) -> None:
        """Until one of both sides has had enough."""
        back = threading.Thread(target=self._carry_back)
        back.start()
        with suppress(OSError):
            while sent := self._client.recv(_READ_BYTES):
                if self._lost is Loss.RESET:
                    self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                    self._client.close()
                    break
                if self._lost is None:
                    self._server.sendall(sent)
        self.end()
        back.join()

    def lose(self, how: Loss) -> None:
        self._lost = how
        if how is Loss.CLOSED:
            self.end()

    def end(self) -> None:
        for end in (self._server, self._client):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _carry_back(self) -> None:
        with suppress(OSError):
            while answered := self._server.recv(_READ_BYTES):
                self._client.sendall(answered)
        # Of a lost one the client does not hear that the server has given it up.
        if self._lost is None:
            self.end()
