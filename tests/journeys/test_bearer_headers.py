"""Bearer headers as no HTTP client would send them, over a bare socket: 401, and never a failure."""

from email.parser import BytesParser

import httpx
import pytest

from tests import contract
from tests.journeys.conftest import client_of
from tests.journeys.gateways import Gateway

_TOKEN = b"<live>"  # a case is made before there is a token

REFUSED = {
    "no header": [],
    "an empty one": [b"Authorization:"],
    "two": [b"Authorization: Bearer <live>", b"Authorization: Bearer <live>"],
    "two, their names in other cases": [b"Authorization: Bearer <live>", b"authorization: Bearer <live>"],
    "two, one of them empty": [b"Authorization: Bearer <live>", b"Authorization:"],
    "two, of two schemes": [b"Authorization: Basic YTpi", b"Authorization: Bearer <live>"],
    "two tokens, joined": [b"Authorization: Bearer <live>, Bearer <live>"],
    "a comma at its end": [b"Authorization: Bearer <live>,"],
    "the token alone": [b"Authorization: <live>"],
    "Basic": [b"Authorization: Basic YTpi"],
    "Basic, with the token": [b"Authorization: Basic <live>"],
    "DPoP": [b"Authorization: DPoP <live>"],
    "the scheme twice": [b"Authorization: Bearer Bearer <live>"],
    "the scheme alone": [b"Authorization: Bearer"],
    "a tab behind the scheme": [b"Authorization: Bearer\t<live>"],
    "a space within the token": [b"Authorization: Bearer eyJ <live>"],
    "quotes": [b'Authorization: Bearer "<live>"'],
    "padding": [b"Authorization: Bearer <live>="],
    "64 kB": [b"Authorization: Bearer " + b"a" * 64_000],
    "64 kB of commas": [b"Authorization: " + b"," * 64_000],
    "a control character": [b"Authorization: Bearer \x01<live>"],
    "a DEL at its end": [b"Authorization: Bearer <live>\x7f"],
    "a no-break space": [b"Authorization: Bearer\xa0<live>"],
    "UTF-8": [b"Authorization: Bearer <live>\xc3\xa9"],
    "bytes that are not UTF-8": [b"Authorization: Bearer \xff\xfe<live>"],
    "a surrogate in UTF-8": [b"Authorization: Bearer \xed\xa0\x80<live>"],
}

# What the HTTP server in front does not let through: API Gateway has one of its own that does likewise.
REFUSED_BY_THE_SERVER = {
    "a NUL": [b"Authorization: Bearer <live>\0"],
    "a NUL within it": [b"Authorization: Bearer \0<live>"],
    "a carriage return": [b"Authorization: Bearer\r<live>"],
    "a vertical tab": [b"Authorization: Bearer\x0b<live>"],
    "a space before the colon": [b"Authorization : Bearer <live>"],
    "no colon": [b"Authorization"],
}

# RFC 9110 section 5.5 and 11.1: space around a value is no part of it, and a scheme has no case.
ACCEPTED = {
    "as everybody sends it": [b"Authorization: Bearer <live>"],
    "names and scheme in lower case": [b"authorization: bearer <live>"],
    "in capitals": [b"AUTHORIZATION: BEARER <live>"],
    "two spaces": [b"Authorization: Bearer  <live>"],
    "space around it": [b"Authorization: \t Bearer <live> \t"],
}


def cases(table: dict[str, list[bytes]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("lines", table.values(), ids=table.keys())


@pytest.fixture(scope="module")
def live(gateway: Gateway) -> bytes:
    token: str = client_of(gateway).log_in()["access_token"]
    return token.encode()


def ask(gateway: Gateway, live: bytes, lines: list[bytes]) -> tuple[int, bytes]:
    """Status and body of GET /auth/me under these very lines; our own answers are held to the contract."""
    head = f"GET {gateway.stage}/auth/me HTTP/1.1\r\nHost: {gateway.host}\r\nConnection: close".encode()
    sent = [head, *lines, b"", b""]
    with gateway.connection() as connection:
        connection.sendall(b"\r\n".join(sent).replace(_TOKEN, live))
        with connection.makefile("rb") as answer:
            status = int(answer.readline().split()[1])
            said, _, body = answer.read().partition(b"\r\n\r\n")
    if status == 400:
        return status, body
    headers = BytesParser().parsebytes(said + b"\r\n\r\n", headersonly=True)
    mended = gateway.mend(httpx.Response(status, headers=dict(headers), content=body))
    contract.check("GET", "/auth/me", mended.status_code, mended.headers, mended.content)
    return mended.status_code, mended.content


@cases(REFUSED)
def test_any_other_bearer_header_is_a_401_and_always_the_same(
    gateway: Gateway, live: bytes, lines: list[bytes]
) -> None:
    usual = ask(gateway, live, [b"Authorization: Bearer not.a.token"])

    assert ask(gateway, live, lines) == usual
    assert usual[0] == 401


@cases(REFUSED_BY_THE_SERVER)
def test_what_is_no_http_is_a_400(gateway: Gateway, live: bytes, lines: list[bytes]) -> None:
    status, _ = ask(gateway, live, lines)

    assert status == 400


@cases(ACCEPTED)
def test_one_bearer_token_is_enough(gateway: Gateway, live: bytes, lines: list[bytes]) -> None:
    status, _ = ask(gateway, live, lines)

    assert status == 200
