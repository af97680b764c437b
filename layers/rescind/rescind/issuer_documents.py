"""Fetches what an issuer publishes, over HTTPS: its discovery document, and the JWK set that this names.

No redirect is followed, no proxy asked, nothing large read. The operator names what is fetched, no request.
"""

import io
import json
import re
import socket
import ssl
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

from rescind import deadline
from rescind.unavailable import UnavailableError

_LARGEST_BYTES = 65_536
_LARGEST_ANSWER_BYTES = 2 * _LARGEST_BYTES
"""With its head, and with what stands around chunks."""
_LONGEST_SECONDS = 2.0
_LONGEST_SILENCE_SECONDS = 1.5
_OK = 200
_OF_COGNITO = re.compile(r"https://cognito-idp\.[a-z0-9-]+\.amazonaws\.com(\.cn)?(?=/)")
_ON_THIS_MACHINE = ("http://127.0.0.1:", "http://localhost:")


class IssuerDocuments:
    def __init__(self, *, aws_endpoint: str | None) -> None:
        """Where the SDK is told another address for AWS, Cognito's issuers are asked there, too.

        Args:
            aws_endpoint: of an emulator, such as http://127.0.0.1:4566; None for AWS itself.
        """
        self._aws_endpoint = aws_endpoint

    def jwks_uri(self, issuer: str) -> str:
        """Where its keys are (OpenID Connect Discovery 1.0 section 4).

        Raises:
            UnavailableError: it did not say, or is another issuer by its own words.
        """
        address = issuer
        if self._aws_endpoint is not None:
            address = _OF_COGNITO.sub(self._aws_endpoint.rstrip("/"), issuer)
        document = fetch(f"{address.removesuffix('/')}/.well-known/openid-configuration")
        jwks_uri = document.get("jwks_uri")
        if document.get("issuer") != issuer:
            raise UnavailableError("its discovery document names another issuer: compare them to the letter")
        # In clear only on this machine, and only where it was asked so.
        allowed = ("https://", *(_ON_THIS_MACHINE if address.startswith(_ON_THIS_MACHINE) else ()))
        if not isinstance(jwks_uri, str) or not jwks_uri.startswith(allowed):
            raise UnavailableError("its discovery document has no jwks_uri that is https")
        return jwks_uri

    def key_set(self, jwks_uri: str) -> dict[str, Any]:
        """The JWK set (RFC 7517 section 5).

        Raises:
            UnavailableError: it could not be read.
        """
        return fetch(jwks_uri)


def fetch(url: str) -> dict[str, Any]:
    """A JSON object.

    Raises:
        UnavailableError: the answer is none, or late, or too large, or not 200.
    """
    ends_at = time.monotonic() + min(_LONGEST_SECONDS, deadline.seconds_left())
    try:
        return _object(_read(url, ends_at))
    except (OSError, HTTPException, ValueError, RecursionError) as error:
        raise UnavailableError(f"a document of it could not be read: {type(error).__name__}") from error


def _read(url: str, ends_at: float) -> bytes:
    parts = urlsplit(url)
    host = parts.hostname or ""
    connected = _connected(host, parts.port or (443 if parts.scheme == "https" else 80), ends_at)
    connection = HTTPConnection(host, parts.port)
    try:
        if parts.scheme == "https":
            connected.settimeout(_patience(ends_at))
            connected = ssl.create_default_context().wrap_socket(connected, server_hostname=host)
        connection.sock = connected
        asked = urlunsplit(("", "", parts.path or "/", parts[3], ""))
        connection.request("GET", asked, headers={"Accept": "application/json"})
        answer = HTTPResponse(cast("socket.socket", _Line(connected, ends_at)), method="GET")
        answer.begin()
        read = answer.read(_LARGEST_BYTES + 1)
    finally:
        connected.close()
    if answer.status != _OK or len(read) > _LARGEST_BYTES:
        raise ValueError("not what was asked for")
    return read


def _connected(host: str, port: int, ends_at: float) -> socket.socket:
    """To whichever of its addresses answers: the first may be silent, and all have the same time together."""
    failure: OSError = TimeoutError()
    for *_, (address, *_) in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        try:
            return socket.create_connection((str(address), port), timeout=_patience(ends_at) / 2)
        except OSError as error:
            failure = error
    raise failure


class _Line(io.RawIOBase):
    """What comes of a connection, until a second and up to a size, wherever it drips or swells."""

    def __init__(self, connected: socket.socket, ends_at: float) -> None:
        super().__init__()
        self._connected = connected
        self._ends_at = ends_at
        self._left = _LARGEST_ANSWER_BYTES

    def makefile(self, _: str) -> io.BufferedReader:
        """What http.client asks of a socket."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connected.settimeout(_patience(self._ends_at))
        came = self._connected.recv_into(buffer)
        self._left -= came
        if self._left < 0:
            raise ValueError("too large")
        return came


def _patience(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return min(_LONGEST_SILENCE_SECONDS, left)


def _object(raw: bytes) -> dict[str, Any]:
    members = json.loads(raw.decode("utf-8"))
    if not isinstance(members, dict):
        raise ValueError("no object")  # noqa: TRY004 - it is about what came, as all that is caught here
    return members
