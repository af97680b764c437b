"""Requests that hold secrets, and text that would forge a log, where neither belongs."""

import base64
import copy
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from tests.functions.conftest import is_form
from tests.leaks import marked
from tests.leaks.world import Event

# Both at once: a line that shows either is a line that shows what a client chose.
TEXT = f"{marked.PASSWORD}{marked.HOSTILE}"

MEMBERS = (
    "username",
    "password",
    "current_password",
    "new_password",
    "refresh_token",
    "transport",
    "everywhere",
    "scope",
    "claims",
    "subject_token",
    "subject_token_type",
    "logout_token",
    "issuer",
    "subject",
    "token",
    "token_type_hint",
    "token_id",
    "user_id",
    "session_id",
    "reason",
    "after",
    "limit",
    "segment",
    "of",
    "since",
    "users",
    "password_hash",
    "status",
)
HEADERS = (
    "Authorization",
    "Content-Type",
    "Cookie",
    "Host",
    "Origin",
    "User-Agent",
    "X-Amzn-Trace-Id",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    TEXT,
)


def in_the_route_and_body(event: Event) -> Iterator[tuple[str, Event]]:
    """The event over and over, each time with the text in another place, and all else as it was."""
    for name in sorted(event.keys() - {"body", "headers", "multiValueHeaders", "type", "version"}):
        yield f"member: {name}", event | {name: _replaced(name, event[name])}
    if event.get("parameters"):
        for name, parameters in _parameters(event["parameters"]):
            yield f"parameters: {name}", event | {"parameters": parameters}
    if event.get("body"):
        text = event["body"]
        for name, body in _bodies_of(event, text):
            yield f"body: {name}", event | {"body": body}
        raw = base64.b64encode(TEXT.encode()).decode()
        yield "body: base64", event | {"body": raw, "isBase64Encoded": True}
        yield "body: no base64", event | {"body": TEXT, "isBase64Encoded": True}


def _bodies_of(event: Event, text: str) -> Iterator[tuple[str, str]]:
    if is_form(event):
        return _forms(dict(parse_qsl(text)))
    return _bodies(json.loads(text)) if text.startswith("{") else _texts(text)


def in_the_headers(event: Event) -> Iterator[tuple[str, Event]]:
    """Likewise."""
    for name in HEADERS:
        yield f"header: {name}", _with_header(event, name, [TEXT])
    for value in (f"Bearer {marked.PASSWORD.encode().hex()}", f"Bearer {TEXT}", f"Basic {TEXT}"):
        yield "credentials", _with_header(event, "Authorization", [value])
        yield "two credentials", _with_header(event, "Authorization", [value, f"Bearer {TEXT}"])
    cookie = f"__Host-refresh_token={TEXT}"
    yield "a cookie", _with_header(event, "Cookie", [cookie])
    yield "two cookies", _with_header(event, "Cookie", [cookie, f"__Host-refresh_token={marked.PASSWORD}"])


def _parameters(members: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of an operator's invocation, which come parsed; of a list, its first member too."""
    for name in MEMBERS:
        yield name, {**members, name: TEXT}
    for name, value in members.items():
        yield f"{name}, of another type", {**members, name: {TEXT: [TEXT]}}
        yield f"{name}, too long", {**members, name: TEXT * 99}
        yield f"{name}, half a character", {**members, name: f"\ud800{TEXT}"}
        yield f"{name}, under another name", {**members, name: None, TEXT: TEXT}
        if isinstance(value, list):
            for inner, changed in _parameters(value[0]):
                yield f"{name}, {inner}", {**members, name: [changed, *value[1:]]}


def _bodies(members: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in MEMBERS:
        yield name, json.dumps({**members, name: TEXT})
    for name in members:
        yield f"{name}, of another type", json.dumps({**members, name: {TEXT: [TEXT]}})
        yield f"{name}, too long", json.dumps({**members, name: TEXT * 99})
        yield f"{name}, half a character", json.dumps({**members, name: f"\ud800{TEXT}"})
        yield f"{name}, under another name", json.dumps({**members, name: None, TEXT: TEXT})
    text = json.dumps(TEXT)
    yield "a list", f"[{text}]"
    yield "a string", text
    yield "no JSON", TEXT
    yield "cut off", json.dumps({**members, "password": TEXT})[:-9]
    yield "not a number", f'{{"password": NaN, "username": {text}}}'
    yield "nested", "[" * 5000 + text
    yield "huge", json.dumps({"password": TEXT * 500})
    yield "a form", f"username={TEXT}&password={TEXT}"


def _texts(text: str) -> Iterator[tuple[str, str]]:
    """Of a token that is the whole body."""
    yield "as it is", TEXT
    yield "behind it", f"{text}{TEXT}"
    yield "in a part", f"{text.rpartition('.')[0]}.{TEXT}"
    yield "as a part", f"{base64.urlsafe_b64encode(TEXT.encode()).decode().rstrip('=')}.{text}"
    yield "JSON", json.dumps({"token": TEXT})
    yield "huge", TEXT * 500


def _forms(members: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name in MEMBERS:
        yield name, urlencode({**members, name: TEXT})
    for name in members:
        yield f"{name}, too long", urlencode({**members, name: TEXT * 19})
        yield f"{name}, twice", urlencode([*members.items(), (name, TEXT)])
        yield f"{name}, under another name", urlencode({TEXT: TEXT})
        yield f"{name}, half a character", urlencode(members) + f"{quote(TEXT)}%ff"
    yield "as it is", TEXT
    yield "JSON", json.dumps({**members, "token": TEXT})
    yield "huge", urlencode({**members, "token": TEXT * 99})


def _with_header(event: Event, name: str, values: list[str]) -> Event:
    if name == "Authorization" and "authorizationToken" in event:
        return event | {"authorizationToken": values[-1]}
    changed = copy.deepcopy(event)
    for headers, value in (("headers", values[-1]), ("multiValueHeaders", values)):
        if headers in changed:
            others = {key: kept for key, kept in changed[headers].items() if key.lower() != name.lower()}
            changed[headers] = {**others, name: value}
    return changed


def _replaced(name: str, value: object) -> object:
    """Of the same form, with the text for every text; a client has no say in who it is and in which stage."""
    match value:
        case _ if name == "authorizer":
            return value
        case str() if name in {"methodArn", "routeArn"}:
            return "/".join([*value.split("/")[:2], TEXT])
        case dict():
            return {key: _replaced(key, each) for key, each in value.items()}
        case list():
            return [_replaced(name, each) for each in value]
        case str() | None:
            return TEXT
        case _:
            return value
