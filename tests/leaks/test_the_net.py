"""The net itself: leaks of every kind are put into the code, and each has to be caught."""

import base64
import json
import logging
import sys
from collections.abc import Callable
from typing import Any

import pytest

from functions.login import app as login_app
from rescind import audit, authorizer_wiring, endpoint
from rescind.unavailable import UnavailableError
from rescind.web import responses
from rescind.web.requests import InvalidRequestError
from tests.leaks import marked
from tests.leaks.asks import authorizer, login
from tests.leaks.witness import Seen, Witness
from tests.leaks.world import World


def plain(secret: str) -> None:
    print(secret)  # noqa: T201 - a leak


def encoded(secret: str) -> None:
    print(base64.b64encode(f"a whole event: {secret}".encode()).decode(), file=sys.stderr)  # noqa: T201 - as above


def in_part(secret: str) -> None:
    print(secret[-17:])  # noqa: T201 - as above


def as_an_extra(secret: str) -> None:
    audit.logger.info("Login", extra={"user_id": secret})


def as_a_key(secret: str) -> None:
    audit.logger.append_keys(**{secret: 1})
    audit.logger.info("Login")
    audit.logger.remove_keys([secret])


def at_debug(secret: str) -> None:
    logging.getLogger("another").debug("asked with %r", {"password": secret})


def with_its_exception(secret: str) -> None:
    try:
        int(secret)
    except ValueError:
        logging.getLogger("another").exception("failed")


def as_a_dimension(secret: str) -> None:
    audit._metrics.add_dimension("user", secret)  # noqa: SLF001 - where a leak would be


def in_a_400(secret: str) -> None:
    raise InvalidRequestError(f"{secret} is no password.")


def in_a_503(secret: str) -> None:
    raise UnavailableError(f"no row for {secret}")


def as_a_line_of_text(_: str) -> None:
    print("Login")  # noqa: T201 - it is no JSON


def as_a_forged_member(_: str) -> None:
    print(json.dumps({"message": "Login", "admin": "yes"}))  # noqa: T201 - as above


LEAKS = [
    plain,
    encoded,
    in_part,
    as_an_extra,
    as_a_key,
    at_debug,
    with_its_exception,
    as_a_dimension,
    in_a_400,
    in_a_503,
    as_a_line_of_text,
    as_a_forged_member,
]


def logged_in(world: World, witness: Witness) -> Seen:
    event = login()(world)
    return witness.watch("login", lambda: world.stack.invoke("login", event))


@pytest.mark.parametrize("leak", LEAKS)
def test_a_login_that_leaks_is_caught(
    world: World, witness: Witness, monkeypatch: pytest.MonkeyPatch, leak: Callable[[str], None]
) -> None:
    honest = vars(login_app)["login"]

    def leaking(username: str, password: str, **given: Any) -> object:
        leak(password)
        return honest(username, password, **given)

    monkeypatch.setattr(login_app, "login", leaking)

    assert logged_in(world, witness).problems(world.secrets) != []


@pytest.mark.parametrize("secret", marked.MARKED.values(), ids=marked.MARKED)
def test_each_secret_is_recognised(secret: marked.Secret) -> None:
    raw = secret if isinstance(secret, bytes) else secret.encode()

    for text in (
        repr(secret),
        raw.hex(),
        base64.b64encode(b"an event: " + raw).decode(),
        json.dumps(str(secret)),
    ):
        assert secret in {marked.MARKED[name] for name in marked.found_in(text, marked.MARKED)}


def test_each_part_of_a_token_is_recognised(world: World) -> None:
    live = world.live()
    payload, signature = live.access_token.split(".")[1:]

    for part, secret in {
        "access token's payload": payload,
        "access token's signature": signature,
        "refresh token's mac": live.refresh_token[-43:],
    }.items():
        assert part in marked.found_in(f"a line with {secret} in it", world.secrets)


def test_an_event_that_is_logged_is_caught(
    world: World, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = vars(login_app)["json_object"]

    def logging_the_event(event: Any) -> dict[str, Any]:
        audit.logger.info(event)
        members: dict[str, Any] = read(event)
        return members

    monkeypatch.setattr(login_app, "json_object", logging_the_event)

    assert logged_in(world, witness).problems(world.secrets) != []


def test_an_exception_that_quotes_is_caught(
    world: World, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def quoting(token: str, **_: Any) -> None:
        raise UnavailableError(f"cannot read {token}")

    event = authorizer()(world)
    monkeypatch.setattr(authorizer_wiring, "authenticator", lambda: quoting)

    seen = witness.watch("authorizer", lambda: world.stack.invoke("authorizer", event))

    assert seen.problems(world.secrets) != []


@pytest.mark.parametrize(
    "headers",
    [
        {"Cache-Control": "private"},
        {"Set-Cookie": "__Host-refresh_token=a; Max-Age=1; Path=/; Secure; SameSite=Strict"},
        {"Set-Cookie": "__Host-refresh_token=a; Max-Age=1; Path=/; Secure; HttpOnly; SameSite=Lax"},
        {"Access-Control-Allow-Origin": "*"},
        {"Vary": "Accept"},
    ],
    ids=str,
)
def test_a_header_that_breaks_a_promise_is_caught(
    world: World, witness: Witness, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    def careless(response: responses.Response, cors: dict[str, str]) -> dict[str, Any]:
        answer = responses.to_api_gateway(response, cors)
        answer["headers"] |= headers
        return answer

    monkeypatch.setattr(endpoint, "to_api_gateway", careless)
    event = login(password=marked.GUESS)(world)

    seen = witness.watch("login", lambda: world.stack.invoke("login", event))

    assert len(seen.problems(world.secrets)) == 1
