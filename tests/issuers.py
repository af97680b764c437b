"""Another issuer, made up: its keys, its tokens, and what it publishes, in memory or over loopback."""

import base64
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from rescind.exchange_settings import ExchangeSettings
from rescind.issuer_keys import IssuerKeyring
from rescind.rules.trusted_issuers import trusted_issuers
from rescind.unavailable import UnavailableError
from tests.things import NOW

ISSUER = "https://id.example.com/pool"
CLIENT = "client-of-the-test"
SUBJECT = "248289761001"
LOGIN = "08a5019c-17e1-4977-8f42-65a12843ea02"
BACKCHANNEL_LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
CAEP = "https://schemas.openid.net/secevent/caep/event-type/"


@cache
def a_key(number: int = 0) -> rsa.RSAPrivateKey:
    """The same one of each number for the whole run: making one takes long."""
    del number
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwk(key: rsa.RSAPrivateKey, kid: str, **members: Any) -> dict[str, Any]:
    public: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    public.pop("key_ops", None)
    return {**public, "kid": kid, "use": "sig", "alg": "RS256", **members}


@dataclass
class Issuer:
    name: str = ISSUER
    kid: str = "key-1"
    key: rsa.RSAPrivateKey = field(default_factory=a_key)
    documents_read: int = 0
    out_of_reach: bool = False

    def sign(self, claims: Mapping[str, Any], **header: Any) -> str:
        return jwt.encode(dict(claims), self.key, algorithm="RS256", headers={"kid": self.kid, **header})

    def id_token(self, *, now: int = NOW, **claims: Any) -> str:
        """Of a user who has just logged in; a claim that is None is left out."""
        given = {
            "iss": self.name,
            "aud": CLIENT,
            "sub": SUBJECT,
            "sid": LOGIN,
            "iat": now,
            "exp": now + 3600,
            "auth_time": now,
        }
        return self.sign(_without_none({**given, **claims}))

    def logout_token(self, *, now: int = NOW, **claims: Any) -> str:
        given = {
            "iss": self.name,
            "aud": CLIENT,
            "sub": SUBJECT,
            "sid": LOGIN,
            "iat": now,
            "exp": now + 120,
            "jti": "bWJq",
            "events": {BACKCHANNEL_LOGOUT: {}},
        }
        return self.sign(_without_none({**given, **claims}), typ="logout+jwt")

    def security_event(self, event: str = "session-revoked", *, now: int = NOW, **claims: Any) -> str:
        """Of CAEP, about the user; `sub_id` for somebody else or for one login."""
        given = {
            "iss": self.name,
            "aud": CLIENT,
            "iat": now,
            "jti": "24c63fb56e5a2d77a6b512616ca9fa24",
            "sub_id": {"format": "iss_sub", "iss": self.name, "sub": SUBJECT},
            "events": {CAEP + event: {"event_timestamp": now}},
        }
        return self.sign(_without_none({**given, **claims}), typ="secevent+jwt")

    # What it publishes: see `Documents` of rescind.issuer_keys.
    def jwks_uri(self, issuer: str) -> str:
        self._read()
        return f"{issuer}/jwks"

    def key_set(self, jwks_uri: str) -> dict[str, Any]:
        del jwks_uri
        self._read()
        return {"keys": [jwk(self.key, self.kid)]}

    def _read(self) -> None:
        self.documents_read += 1
        if self.out_of_reach:
            raise UnavailableError("no answer")


def given_for(issuer: Issuer, *, grants: str = "", provision: bool = True) -> dict[str, Any]:
    """What a sandbox need not build, by the names of `wiring`: it trusts the issuer, and asks it here."""
    return {
        "exchange_settings": ExchangeSettings(
            trusted_issuers(f"{issuer.name} {CLIENT} {grants}"), auto_provision=provision, aws_endpoint=None
        ),
        "issuer_keyring": IssuerKeyring(issuer),
    }


@dataclass
class Site:
    """An issuer's web site on loopback. A test may change what it does while it is there."""

    issuer: Issuer
    delay_seconds: float = 0
    status: int = 200
    body: bytes | None = None
    """In place of each document."""
    asked: list[str] = field(default_factory=list)


@contextmanager
def served(kid: str = "key-1") -> Iterator[Site]:
    """An issuer whose name is where it is served."""
    site = Site(Issuer(kid=kid))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            time.sleep(site.delay_seconds)
            body = json.dumps(_documents(site.issuer)[self.path]).encode() if site.body is None else site.body
            self.send_response(site.status)
            self.send_header("Content-Length", str(len(body)))
            if 300 <= site.status < 400:
                self.send_header("Location", f"{site.issuer.name}/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site.issuer.name = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join(timeout=10)


@contextmanager
def served_from(folder: Path) -> Iterator[Issuer]:
    """The same for as long as many tests take, by a process of its own, from files that nobody changes.

    A thread would not do: other tests of this run copy this process, and a copy waits for ever for a lock
    that a thread has just taken.
    """
    command = [
        sys.executable,
        "-u",
        "-m",
        "http.server",
        "0",
        "--bind",
        "127.0.0.1",
        "--directory",
        str(folder),
    ]
    with subprocess.Popen(  # noqa: S603 - the library's own server
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            said = re.search(r"port (\d+)", process.stdout.readline())
            assert said is not None
            issuer = Issuer(name=f"http://127.0.0.1:{said[1]}")
            for name, document in _documents(issuer).items():
                file = folder / name.removeprefix("/")
                file.parent.mkdir(exist_ok=True)
                file.write_text(json.dumps(document), encoding="utf-8")
            yield issuer
        finally:
            process.terminate()


def _documents(issuer: Issuer) -> dict[str, Any]:
    return {
        "/.well-known/openid-configuration": {"issuer": issuer.name, "jwks_uri": f"{issuer.name}/jwks"},
        "/jwks": {"keys": [jwk(issuer.key, issuer.kid)]},
    }


def part(members: object) -> str:
    """A header or payload as a part of a JWS, whatever it is."""
    raw = members if isinstance(members, bytes) else json.dumps(members).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _without_none(claims: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if value is not None}
