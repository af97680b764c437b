"""What may stand before the functions in the journeys, and what each of them does not do."""

import json
import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

ORIGIN = "https://app.example.com"
MAX_SESSIONS = 5
PARAMETERS = {"AllowedOrigins": ORIGIN, "MaxSessionsPerUser": MAX_SESSIONS}
"""What every gateway is deployed with."""


Mend = Callable[[httpx.Response], httpx.Response]
"""Gives the gateway's own answers the form that the template declares, where it does not itself."""


def as_it_came(answer: httpx.Response) -> httpx.Response:
    return answer


@dataclass(frozen=True)
class Gateway:
    """One API, with the accounts `demo` and `admin`, and the AWS behind it."""

    name: str
    host: str
    """As clients name it: the header Host."""
    address: tuple[str, int]
    """Where it listens."""
    stage: str
    """What its paths begin with: /prod, or nothing."""
    endpoint: str
    """Of the AWS with its tables and keys."""
    stack: str
    log: Callable[[], list[dict[str, Any]]]
    """What its authorizer has written so far: see `log_lines`."""
    renames: bool = True
    """Whether a function's WWW-Authenticate comes as x-amzn-Remapped-WWW-Authenticate, as at AWS."""
    mend: Mend = as_it_came

    scheme: str = "http"
    owner: str = "000000000000:us-east-1"
    """Account and region."""

    @property
    def origin(self) -> str:
        """Of its own pages."""
        return f"{self.scheme}://{self.host}"

    @property
    def base_url(self) -> str:
        """For a client that sends `host` by itself."""
        return f"{self.scheme}://{self.address[0]}:{self.address[1]}{self.stage}"

    def denied(self) -> list[str]:
        """The reasons of all that its authorizer has refused so far."""
        return [line["reason"] for line in self.log() if line["message"] == "AccessDenied"]

    def connection(self) -> socket.socket:
        """For who speaks HTTP by hand."""
        connection = socket.create_connection(self.address, timeout=30)
        if self.scheme == "http":
            return connection
        return ssl.create_default_context().wrap_socket(connection, server_hostname=self.host)

    @property
    def issuer(self) -> str:
        return f"urn:rescind:{self.owner}:{self.stack}"

    @property
    def audience(self) -> str:
        return self.stack


def log_lines(output: Iterable[str]) -> list[dict[str, Any]]:
    """Those of functions, among metrics and what others have said."""
    return [json.loads(line) for line in output if line.startswith('{"level"')]


# In `make test` there is the first one; the others have a target of their own.
GATEWAYS = (
    pytest.param("local"),
    pytest.param("deployed", marks=pytest.mark.sam),
    pytest.param("sam_local", marks=pytest.mark.docker),
    pytest.param("aws", marks=pytest.mark.aws),
)


@dataclass(frozen=True)
class NotDone:
    """A journey that cannot be had at a gateway; all its cases, or one."""

    test: str
    why: str
    case: str = ""

    def is_for(self, item: Any, gateway: str) -> bool:
        cases = {f"{self.case}-{gateway}", f"{gateway}-{self.case}"}
        return item.originalname == self.test and (not self.case or item.callspec.id in cases)


_NOT_UTF_8 = "SAM answers 502 itself where API Gateway hands on what is not UTF-8"
# Each must fail: when one passes, the gateway has learnt it, and its line is to go.
NOT_DONE: dict[str, tuple[NotDone, ...]] = {
    "deployed": (
        NotDone("test_this_apis_own_page_may_use_the_cookie", "ministack sends no X-Forwarded-Proto"),
        NotDone("test_a_form_that_is_not_utf_8_is_refused", "ministack replaces what is not UTF-8"),
    ),
    "sam_local": (
        NotDone(
            "test_what_is_no_http_is_a_400",
            "SAM's server takes what is no HTTP, and the authorizer refuses it",
        ),
        NotDone(
            "test_one_bearer_token_is_enough",
            "SAM's server keeps the space behind a header",
            "space around it",
        ),
        NotDone("test_a_login_that_cannot_be_is_answered_in_the_contracts_words", _NOT_UTF_8, "not-utf-8"),
        NotDone("test_a_form_that_is_not_utf_8_is_refused", _NOT_UTF_8),
    ),
    "aws": (),  # Nobody has looked.
}


def expect_what_is_not_done(items: Iterable[Any]) -> None:
    """Mark the journeys that a gateway does not do: they are run, they are reported, and they must fail."""
    for item in items:
        gateway = gateway_of(item)
        for each in NOT_DONE.get(gateway, ()):
            if each.is_for(item, gateway):
                item.add_marker(pytest.mark.xfail(reason=f"{gateway}: {each.why}", strict=True))


def gateway_of(item: Any) -> str:
    """Its name, where the test asks one."""
    return str(item.callspec.params.get("gateway", "")) if hasattr(item, "callspec") else ""
