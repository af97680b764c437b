"""Fetches what an issuer publishes, over HTTPS: its discovery document, and the JWK set that this names.

No redirect is followed, no proxy asked, nothing large read. The operator names what is fetched, no request.
"""

import io
import json
import re
import socket
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

from rescind import deadline
from rescind.unavailable import UnavailableError

_LARGEST_BYTES = 65_536
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
        if document.get("issuer") != issuer or not isinstance(jwks_uri, str):
            raise UnavailableError("a discovery document of another issuer, or without jwks_uri")
        # In clear only on this machine, and only where it was asked so.
        allowed = ("https://", *(_ON_THIS_MACHINE if address.startswith(_ON_THIS_MACHINE) else ()))
        if not jwks_uri.startswith(allowed):
            raise UnavailableError("a discovery document whose jwks_uri is not https")
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
        raise UnavailableError(f"a document of an issuer: {type(error).__name__}") from error


def _read(url: str, ends_at: float) -> bytes:
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_patience(ends_at))
    try:
        # Azure AD B2C names a policy in the query.
        target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        connection.request("GET", target, headers={"Accept": "application/json"})
        answer = HTTPResponse(cast("socket.socket", _Line(connection.sock, ends_at)), method="GET")
        answer.begin()
        read = answer.read(_LARGEST_BYTES + 1)
    finally:
        connection.close()
    if answer.status != _OK or len(read) > _LARGEST_BYTES:
        raise ValueError("not what was asked for")
    return read


class _Line(io.RawIOBase):
    """What comes of a connection until a second: one that comes in drops is late, too, wherever it drips."""

    def __init__(self, connected: socket.socket, ends_at: float) -> None:
        super().__init__()
        self._connected = connected
        self._ends_at = ends_at

    def makefile(self, _: str) -> io.BufferedReader:
        """What http.client asks of a socket."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connected.settimeout(_patience(self._ends_at))
        return self._connected.recv_into(buffer)


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
