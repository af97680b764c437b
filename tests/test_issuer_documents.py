"""Reading what an issuer publishes, over real connections: in time, of one form, and from nobody else."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rescind import deadline, issuer_documents
from rescind.issuer_documents import IssuerDocuments, fetch
from rescind.issuer_keys import IssuerKeyring
from rescind.unavailable import UnavailableError
from tests.certificates import a_certificate
from tests.issuers import Site, a_key, jwk, served
from tests.things import NOW

COGNITO = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab12"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture
def site() -> Iterator[Site]:
    with served() as site:
        yield site


@pytest.fixture
def documents() -> IssuerDocuments:
    return IssuerDocuments(aws_endpoint=None)


@contextmanager
def a_server(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of one that speaks once, whatever it is asked."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            try:
                connection, _ = listening.accept()
            except OSError:
                return  # nobody came
            with connection:
                connection.settimeout(5)
                try:
                    connection.recv(65_536)
                    speak(connection)
                except OSError:
                    pass  # It is the other side that had enough.

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.close()
        thread.join(timeout=10)


def says(raw: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(raw)


def body(raw: bytes, *, length: int | None = None) -> bytes:
    return ANSWER + f"Content-Length: {len(raw) if length is None else length}\r\n\r\n".encode() + raw


# What is read


def test_an_issuers_keys_are_where_its_discovery_document_says(
    site: Site, documents: IssuerDocuments
) -> None:
    keyring = IssuerKeyring(documents)

    key = keyring.key_of(site.issuer.name, "key-1", now=NOW)

    assert key is not None
    assert key.key == a_key().public_key()
    assert site.asked == ["/.well-known/openid-configuration", "/jwks"]


@pytest.mark.parametrize("name", ["", "/", "/pool", "/pool/"], ids=repr)
def test_the_document_of_an_issuer_is_below_its_name_with_or_without_a_slash(
    documents: IssuerDocuments, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    issuer = f"https://id.example.com{name}"

    def fetched(url: str) -> dict[str, str]:
        asked.append(url)
        return {"issuer": issuer, "jwks_uri": "https://keys.example.com"}

    monkeypatch.setattr(issuer_documents, "fetch", fetched)

    assert documents.jwks_uri(issuer) == "https://keys.example.com"
    assert asked == [f"https://id.example.com{name.rstrip('/')}/.well-known/openid-configuration"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(body(b'{"a": 1}'), id="of a length"),
        pytest.param(ANSWER + b"\r\n" + b'{"a": 1}', id="of no length"),
        pytest.param(
            ANSWER + b"Transfer-Encoding: chunked\r\n\r\n" + b'4\r\n{"a"\r\n4\r\n: 1}\r\n0\r\n\r\n',
            id="in chunks",
        ),
        pytest.param(body(b'{"a": 1}' + b" " * 65_528), id="64 KiB"),
    ],
)
def test_a_document_is_read_however_it_is_sent(answer: bytes) -> None:
    with a_server(says(answer)) as address:
        assert fetch(f"{address}/jwks?version=1") == {"a": 1}


def test_a_document_is_asked_for_by_its_whole_address(site: Site, documents: IssuerDocuments) -> None:
    site.body = b"{}"

    assert documents.key_set(f"{site.issuer.name}/a/b%20c;d?e=f&g#h") == {}
    assert documents.key_set(site.issuer.name) == {}
    assert site.asked == ["/a/b%20c;d?e=f&g", "/"]


# What is none


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(body(b"{}").replace(b"200 OK", status), id=status.decode())
        for status in (
            b"201 Created",
            b"203 Other",
            b"204 None",
            b"206 Part",
            b"304 Same",
            b"404 No",
            b"500 Oh",
        )
    ]
    + [
        pytest.param(body(b"[]"), id="a list"),
        pytest.param(body(b'"text"'), id="text"),
        pytest.param(body(b"null"), id="null"),
        pytest.param(body(b""), id="nothing"),
        pytest.param(body(b"<html>"), id="no JSON"),
        pytest.param(body(b"{} {}"), id="two of them"),
        pytest.param(body(b'{"a": "\xff"}'), id="not UTF-8"),
        pytest.param(body(b"\xef\xbb\xbf{}"), id="a BOM"),
        pytest.param(body("{}".encode("utf-16")), id="UTF-16"),
        pytest.param(body(b'{"a":' * 20_000 + b"}" * 20_000)[:60_000], id="nested deeply"),
        pytest.param(body(b'{"a": ' + b"9" * 5000 + b"}"), id="a number of 5000 digits"),
        pytest.param(body(b'{"a": 1}' + b" " * 65_529), id="a byte more than 64 KiB"),
        pytest.param(body(b'{"a": 1, ', length=100), id="closed half-way"),
        pytest.param(ANSWER[:20], id="closed within its head"),
        pytest.param(b"", id="closed at once"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 70_000 + b"\r\n\r\n", id="a head too long"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 200 + b"\r\n", id="a head of too many lines"),
        pytest.param(
            ANSWER + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", id="chunks of no length"
        ),
        pytest.param(
            ANSWER.replace(b"\r\n", b"\r\nContent-Encoding: gzip\r\n", 1) + b"\r\n\x1f\x8b\x08",
            id="compressed",
        ),
    ],
)
def test_what_is_no_document_is_a_failure_of_the_issuer(answer: bytes) -> None:
    with a_server(says(answer)) as address, pytest.raises(UnavailableError):
        fetch(address)


def test_what_is_too_large_is_not_read_to_its_end() -> None:
    sent = []

    def speak(connection: socket.socket) -> None:
        connection.sendall(ANSWER + b"\r\n")
        for _ in range(400):
            connection.sendall(b" " * 65_536)
            sent.append(65_536)

    with a_server(speak) as address, pytest.raises(UnavailableError):
        fetch(address)

    assert sum(sent) < 400 * 65_536, "all of it was taken"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(site: Site, documents: IssuerDocuments, status: int) -> None:
    site.status = status

    with pytest.raises(UnavailableError):
        documents.jwks_uri(site.issuer.name)

    assert site.asked == ["/.well-known/openid-configuration"]


def test_a_connection_that_is_refused_is_a_failure_of_the_issuer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

    with pytest.raises(UnavailableError):
        fetch(f"http://127.0.0.1:{port}/")


# What is late


def drops(head: bytes) -> Callable[[socket.socket], None]:
    def speak(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.05)

    return speak


def nothing(connection: socket.socket) -> None:
    connection.recv(1)  # until the other side leaves


def test_a_chunk_that_lies_about_its_length_is_not_read_to_its_end() -> None:
    sent = []

    def speak(connection: socket.socket) -> None:
        connection.sendall(ANSWER + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n")
        for _ in range(400):
            connection.sendall(b" " * 65_536)
            sent.append(65_536)

    with a_server(speak) as address, pytest.raises(UnavailableError):
        fetch(address)

    assert sum(sent) < 400 * 65_536, "all of it was taken"


def test_however_many_addresses_are_silent_the_time_is_that_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[float] = []

    def silent(_: object, timeout: float) -> socket.socket:
        tried.append(timeout)
        time.sleep(timeout)
        raise TimeoutError

    several = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"192.0.2.{last}", 443)) for last in range(20)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: several)
    monkeypatch.setattr(socket, "create_connection", silent)

    with deadline.within(0.3), pytest.raises(UnavailableError, match="TimeoutError"):
        fetch("https://id.example.com/")

    assert len(tried) > 1
    assert sum(tried) < 0.3


@pytest.mark.parametrize(
    "speak",
    [
        pytest.param(nothing, id="silence"),
        pytest.param(drops(ANSWER + b"Content-Length: 1000\r\n\r\n"), id="drops of a body"),
        pytest.param(drops(ANSWER), id="drops of a head"),
        pytest.param(drops(b"HTTP/1.1 2"), id="drops of a status"),
        pytest.param(drops(ANSWER + b"Transfer-Encoding: chunked\r\n\r\n3e8\r\n"), id="drops of a chunk"),
    ],
)
def test_what_is_late_is_a_failure_of_the_issuer_whatever_comes_meanwhile(
    speak: Callable[[socket.socket], None],
) -> None:
    with a_server(speak) as address:
        started = time.monotonic()
        with deadline.within(0.3), pytest.raises(UnavailableError):
            fetch(address)
        took = time.monotonic() - started

    assert 0.25 < took < 3


def test_two_seconds_are_the_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("rescind.issuer_documents.time.monotonic", lambda: clock[0])

    def speak(connection: socket.socket) -> None:
        connection.sendall(ANSWER + b"\r\n{")
        clock[0] += 2
        connection.sendall(b"}")

    with a_server(speak) as address, pytest.raises(UnavailableError, match="TimeoutError"):
        fetch(address)


def test_an_invocation_without_time_asks_nobody(site: Site, documents: IssuerDocuments) -> None:
    with deadline.within(0), pytest.raises(UnavailableError):
        documents.jwks_uri(site.issuer.name)

    assert site.asked == []


# Whose it is


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"issuer": "https://id.example.com"}, id="another issuer"),
        pytest.param({"issuer": "{issuer}/"}, id="its name and a slash"),
        pytest.param({"issuer": None}, id="no issuer"),
        pytest.param({"issuer": ["{issuer}"]}, id="a list"),
        pytest.param({"jwks_uri": None}, id="no keys"),
        pytest.param({"jwks_uri": ["{issuer}/jwks"]}, id="a list of keys"),
        pytest.param({"jwks_uri": ""}, id="no address"),
        pytest.param({"jwks_uri": "/jwks"}, id="an address without a host"),
        pytest.param({"jwks_uri": "http://id.example.com/jwks"}, id="keys in clear, elsewhere"),
        pytest.param({"jwks_uri": "http://127.0.0.1.example.com:1/jwks"}, id="what begins as this machine"),
        pytest.param({"jwks_uri": "http://localhost.example.com:1/jwks"}, id="what begins so, by name"),
        pytest.param({"jwks_uri": "http://127.0.0.1/jwks"}, id="this machine, without a port"),
        pytest.param({"jwks_uri": "HTTP://127.0.0.1:1/jwks"}, id="in capitals"),
        pytest.param({"jwks_uri": "file:///etc/passwd"}, id="a file"),
        pytest.param({"jwks_uri": "ftp://127.0.0.1:1/jwks"}, id="another protocol"),
        pytest.param({"jwks_uri": "data:application/json,{}"}, id="keys in the address"),
    ],
)
def test_a_discovery_document_of_another_issuer_or_of_keys_that_anybody_could_change_is_none(
    site: Site, documents: IssuerDocuments, changes: dict[str, Any]
) -> None:
    name = site.issuer.name
    document = json.dumps({"issuer": name, "jwks_uri": f"{name}/jwks", **changes}).replace("{issuer}", name)
    site.body = document.encode()

    with pytest.raises(UnavailableError):
        documents.jwks_uri(name)


def test_an_issuer_elsewhere_has_no_keys_on_this_machine(
    documents: IssuerDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who could change its document could else make us ask whatever listens here."""
    document = {"issuer": "https://id.example.com", "jwks_uri": "http://127.0.0.1:8080/jwks"}
    monkeypatch.setattr(issuer_documents, "fetch", lambda _: document)

    with pytest.raises(UnavailableError):
        documents.jwks_uri("https://id.example.com")


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=12))
@example("\ud800")
@example("\n")
@example("@")
@example("[")
@example("0")
@example(":")
def test_whatever_an_address_is_there_is_a_failure_and_nothing_else(text: str) -> None:
    # A port that nobody listens on, in the address before it or within it.
    for url in (f"http://127.0.0.1:1/{text}", f"http://127.0.0.1:1{text}", f"https://127.0.0.1:1?{text}"):
        with deadline.within(0.5), pytest.raises(UnavailableError):
            fetch(url)


# Cognito, where AWS is somewhere else


@pytest.mark.parametrize(
    ("issuer", "asked"),
    [
        pytest.param(COGNITO, "http://127.0.0.1:4566/eu-west-1_Ab12", id="Cognito"),
        pytest.param(
            "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Ab12",
            "http://127.0.0.1:4566/cn-north-1_Ab12",
            id="Cognito in China",
        ),
        *(
            pytest.param(issuer, issuer, id=issuer)
            for issuer in (
                "https://id.example.com/pool",
                "https://cognito-idp.eu-west-1.amazonaws.com.example.com/pool",
                "https://cognito-idp.eu-west-1.amazonaws.com.cn.example.com/pool",
                "https://cognito-idp.eu-west-1.example.com/pool",
                "https://cognito-idp.eu.west.amazonaws.com/pool",
                "https://cognito-idpxeu-west-1.amazonaws.com/pool",
                "https://cognito-idp.eu-west-1xamazonaws.com/pool",
                "https://cognito-idp.eu-west-1.amazonawsxcom/pool",
                "https://x.cognito-idp.eu-west-1.amazonaws.com/pool",
                "https://cognito-idp.eu-west-1.amazonaws.com:8443/pool",
                "http://localhost:1/https//cognito-idp.eu-west-1.amazonaws.com/pool",
            )
        ),
    ],
)
@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:4566", "http://127.0.0.1:4566/"])
def test_cognitos_issuers_are_asked_where_aws_is_and_nobody_elses_are(
    monkeypatch: pytest.MonkeyPatch, issuer: str, asked: str, endpoint: str
) -> None:
    urls = []

    def fetched(url: str) -> dict[str, str]:
        urls.append(url)
        return {"issuer": issuer, "jwks_uri": "https://keys.example.com"}

    monkeypatch.setattr(issuer_documents, "fetch", fetched)

    IssuerDocuments(aws_endpoint=endpoint).jwks_uri(issuer)
    IssuerDocuments(aws_endpoint=None).jwks_uri(issuer)

    assert urls == [f"{each}/.well-known/openid-configuration" for each in (asked, issuer)]


def test_a_pool_of_an_emulator_has_its_keys_there(site: Site) -> None:
    endpoint, site.issuer.name = site.issuer.name, COGNITO
    site.body = json.dumps({"issuer": COGNITO, "jwks_uri": f"{endpoint}/keys"}).encode()
    documents = IssuerDocuments(aws_endpoint=endpoint)
    site_paths = ["/eu-west-1_Ab12/.well-known/openid-configuration"]

    assert documents.jwks_uri(COGNITO) == f"{endpoint}/keys"
    assert site.asked == site_paths


# Over TLS


class Keys(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        raw = json.dumps({"keys": [jwk(a_key(), "key-1")]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: Any) -> None:
        pass


class _QuietServer(HTTPServer):
    def handle_error(self, *_: Any) -> None:
        """A handshake that the other side ends is what is tried here."""


@contextmanager
def served_over_tls(certificate: Path, key: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with _QuietServer(("127.0.0.1", 0), Keys) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_port}/jwks"
        finally:
            server.shutdown()
            thread.join(timeout=10)


def test_whom_no_authority_vouches_for_is_not_believed(tmp_path: Path, documents: IssuerDocuments) -> None:
    certificate, key = a_certificate(tmp_path)

    with (
        served_over_tls(certificate, key) as address,
        pytest.raises(UnavailableError, match="SSLCertVerificationError"),
    ):
        documents.key_set(address)


def test_whom_an_authority_vouches_for_is_and_by_this_name_alone(
    tmp_path: Path, documents: IssuerDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = a_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    with served_over_tls(certificate, key) as address:
        assert documents.key_set(address).keys() == {"keys"}
        with pytest.raises(UnavailableError, match="SSLCertVerificationError"):
            documents.key_set(address.replace("127.0.0.1", "localhost"))
