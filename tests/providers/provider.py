"""Runs an OpenID provider that was not written here, and logs users in to it as a browser and a client do."""

import base64
import hashlib
import json
import re
import secrets
import select
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc.jwk import ECKey, OKPKey, RSAKey

JS = Path(__file__).parent / "js"
API = "https://api.example.com"
"""What its access tokens are for: their audience."""
_REDIRECT_URI = "https://app.example.com/callback"
_PATIENCE_SECONDS = 30


@dataclass
class Login:
    """A browser that has logged in, and what its client got for that."""

    browser: httpx.Client
    id_token: str
    access_token: str
    """A JWT where it is for an API; opaque, and for the provider itself, where it is not."""

    def log_out(self) -> None:
        """At the provider, which tells the clients of this browser's session."""
        page = self.browser.get("/session/end", params={"id_token_hint": self.id_token})
        xsrf = re.search(r'name="xsrf" value="([^"]+)"', page.raise_for_status().text)
        assert xsrf, page.text
        answer = self.browser.post("/session/end/confirm", data={"xsrf": xsrf[1], "logout": "yes"})
        assert answer.status_code == 303, answer.text


@dataclass
class Provider:
    process: subprocess.Popen[str]
    accounts: dict[str, Mapping[str, Any]]
    """Usernames, and the claims of each beside `sub`."""
    clients: dict[str, dict[str, Any]]
    """By their client ids: what each adds to the metadata of a public client."""
    keys: list[dict[str, Any]]
    issuer: str = ""
    browsers: list[httpx.Client] = field(default_factory=list)

    def log_in(self, username: str, client_id: str, *, resource: str | None = None) -> Login:
        """In a browser of its own, by the authorization code flow with PKCE; `resource` names an API."""
        browser = httpx.Client(base_url=self.issuer, timeout=_PATIENCE_SECONDS)
        self.browsers.append(browser)
        verifier = secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked_for = {"resource": resource} if resource else {}
        code = _code(
            browser,
            {
                "client_id": client_id,
                "response_type": "code",
                "redirect_uri": _REDIRECT_URI,
                "scope": "openid orders:read" if resource else "openid",
                "code_challenge": challenge,
                "code_challenge_method": "S256",
                "login_hint": username,
                **asked_for,
            },
        )
        answer = httpx.post(
            f"{self.issuer}/token",
            data={
                "client_id": client_id,
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": _REDIRECT_URI,
                "code_verifier": verifier,
                **asked_for,
            },
            timeout=_PATIENCE_SECONDS,
        )
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        return Login(browser, tokens["id_token"], tokens["access_token"])

    def tells_of_logouts(self, client_id: str, uri: str, *, session_required: bool = True) -> None:
        """From now on. Its ID tokens and its logout tokens have a `sid` where a session is required."""
        self.clients[client_id] |= {
            "backchannel_logout_uri": uri,
            "backchannel_logout_session_required": session_required,
        }
        self.provide()

    def deliveries(self) -> list[dict[str, Any]]:
        """Which clients it told of a logout since it was last asked: `client`, and the `error` or None."""
        told: list[dict[str, Any]] = self.command("deliveries")
        return told

    def describe(self, username: str, **claims: Any) -> None:
        """What its next tokens say of this user."""
        self.accounts[username] = claims
        self.provide()

    def rotate_keys(self) -> None:
        """At once: what the old ones have signed verifies by nothing that it publishes."""
        self.keys = new_keys()
        self.provide()

    @contextmanager
    def down(self) -> Iterator[None]:
        """Nobody listens at its address."""
        self.command("down")
        try:
            yield
        finally:
            self.command("up")

    @contextmanager
    def slow(self, seconds: float) -> Iterator[None]:
        """Its discovery document and its keys are answered that late."""
        self.command("delay", seconds)
        try:
            yield
        finally:
            self.command("delay", 0)

    def provide(self) -> None:
        self.issuer = self.command(
            "provide",
            {
                "keys": self.keys,
                "accounts": self.accounts,
                "clients": [_metadata(client_id, more) for client_id, more in self.clients.items()],
                "api": {"audience": API, "scope": "orders:read"},
            },
        )

    def command(self, name: str, argument: Any = None) -> Any:
        """A line to its stdin, and the one that answers it."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({name: argument}) + "\n")
        self.process.stdin.flush()
        # It prints nothing but answers, one for each: so none waits in the buffer of Python.
        answers, _, _ = select.select([self.process.stdout], [], [], _PATIENCE_SECONDS)
        line = self.process.stdout.readline() if answers else ""
        assert line, f"the provider does not answer to {name}: see what it wrote on stderr"
        return json.loads(line)[name]


@contextmanager
def running_provider(
    clients: Mapping[str, Mapping[str, Any]], accounts: Mapping[str, Mapping[str, Any]]
) -> Iterator[Provider]:
    """One that serves on a free port of loopback, until the test is done with it."""
    node = shutil.which("node")
    assert node, "there is no node: make proof needs it"
    with subprocess.Popen(  # noqa: S603 - our own program
        [node, "server.mjs"], cwd=JS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        metadata = {client_id: dict(more) for client_id, more in clients.items()}
        provider = Provider(process, dict(accounts), metadata, new_keys())
        try:
            provider.provide()
            yield provider
        finally:
            for browser in provider.browsers:
                browser.close()
            _end(process)


def new_keys() -> list[dict[str, Any]]:
    """One for each family of algorithms that it can sign by."""
    rsa = RSAKey.generate_key(2048, {"kid": secrets.token_hex(8), "use": "sig"})
    ec = ECKey.generate_key("P-256", {"kid": secrets.token_hex(8), "use": "sig"})
    okp = OKPKey.generate_key("Ed25519", {"kid": secrets.token_hex(8), "use": "sig"})
    return [{**rsa.as_dict(private=True)}, {**ec.as_dict(private=True)}, {**okp.as_dict(private=True)}]


def _metadata(client_id: str, more: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "token_endpoint_auth_method": "none",
        "redirect_uris": [_REDIRECT_URI],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        **more,
    }


def _code(browser: httpx.Client, parameters: Mapping[str, str]) -> str:
    """Follows the provider from page to page, until it sends the browser back to the client."""
    answer = browser.get("/auth", params=parameters)
    for _ in range(5):
        assert answer.status_code == 303, answer.text
        location = answer.headers["Location"]
        if location.startswith(_REDIRECT_URI):
            given = parse_qs(urlsplit(location).query)
            assert "code" in given, location
            return given["code"][0]
        answer = browser.get(location)
    raise AssertionError(f"the provider goes on and on: {answer.headers}")


def _end(process: subprocess.Popen[str]) -> None:
    """It ends with its stdin, and by force when it does not."""
    assert process.stdin
    process.stdin.close()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
