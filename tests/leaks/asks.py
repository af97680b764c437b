"""The ways to ask a function for something: what each path begins with."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from email.message import Message
from typing import Any
from urllib.error import HTTPError

from cryptography.hazmat.primitives.asymmetric import ec

from rescind.flows import end
from rescind.flows.accounts import create_external_user
from rescind.model import BlockedToken
from rescind.rules.access_tokens import SigningKey
from rescind.rules.refresh_tokens import MacKey
from tests.functions.api_in_process import Reply
from tests.issuers import ISSUER
from tests.leaks import marked
from tests.leaks.world import (
    USER,
    Event,
    World,
    admin,
    bearer,
    cookie,
    of_cloudformation,
    of_user,
    operator,
    presenting,
    request,
)
from tests.things import SESSION_ID, USER_ID

EXTERNAL = "usr_" + "x" * 21 + "A"
Ask = Callable[[World], Event]
"""Prepares the world and gives the event."""


def login(*, headers: dict[str, str] | None = None, **body: str) -> Ask:
    known = {"username": marked.USERNAME, "password": marked.PASSWORD}
    return lambda _: request("login", body=known | body, headers=headers)


def refresh(**of: Any) -> Ask:
    return lambda w: request("refresh", body={"refresh_token": w.live(**of).refresh_token})


def refresh_by_cookie(**headers: str) -> Ask:
    return lambda w: request("refresh", body={}, headers=cookie(w.live().refresh_token, **headers))


def logout(**body: object) -> Ask:
    return lambda w: request("logout", body={"refresh_token": w.live().refresh_token, **body})


def logout_by_bearer(**body: object) -> Ask:
    return lambda w: request("logout", body=body, headers=bearer(w.live().access_token))


def of_two_users(w: World) -> Event:
    another = w.live(user_id=USER_ID).refresh_token
    return request("logout", body={"refresh_token": another}, headers=bearer(w.live().access_token))


def password(**body: str) -> Ask:
    change = {"current_password": marked.PASSWORD, "new_password": marked.NEW_PASSWORD}
    return lambda w: request("password", of=w.live(), body=change | body)


def create(**body: object) -> Ask:
    user = {"username": f"{marked.USERNAME}-new", "password": marked.PASSWORD, "claims": marked.CLAIMS}
    return lambda _: admin("POST", "/admin/users", body=user | body)


def operating(operation: str, **parameters: object) -> Ask:
    """What an operator asks the admin function for."""
    return lambda _: operator(operation, **parameters)


def finding(username: str) -> Event:
    return _finding(username=username)


def finding_external(subject: str) -> Ask:
    return lambda _: _finding(issuer=ISSUER, subject=subject)


def _finding(**said: str) -> Event:
    several = {"multiValueQueryStringParameters": {name: [value] for name, value in said.items()}}
    return admin("GET", "/admin/users") | {"queryStringParameters": said, "body": None} | several


def changing(**body: object) -> Ask:
    return lambda _: of_user("PATCH") | {"body": json.dumps(body)}


def setting(password: str = marked.NEW_PASSWORD) -> Ask:
    return lambda _: of_user("POST", "/password") | {"body": json.dumps({"password": password})}


def create_external(subject: str = marked.SUBJECT, **body: object) -> Ask:
    user = {"issuer": ISSUER, "subject": subject, "claims": marked.CLAIMS}
    return lambda _: admin("POST", "/admin/users", body=user | body)


def exchange(*, headers: dict[str, str] | None = None, transport: str = "body", **claims: Any) -> Ask:
    def ask(w: World) -> Event:
        body = {"subject_token": w.says(w.provider.subject_token(**claims)), "transport": transport}
        return request("exchange", body=body, headers=headers)

    return ask


def exchange_of(text: str) -> Ask:
    return lambda _: request("exchange", body={"subject_token": text})


def log_out_there(**claims: Any) -> Ask:
    return lambda w: request("backchannel", body={"logout_token": w.says(w.provider.logout_token(**claims))})


def security_event(event: str = "session-revoked", **claims: Any) -> Ask:
    return lambda w: (
        request("backchannel-security-event") | {"body": w.says(w.provider.security_event(event, **claims))}
    )


def after_an_exchange(ask: Ask) -> Ask:
    """The user there has a session here, by a token of a minute ago: of one second, only one grants."""

    def both(w: World) -> Event:
        assert w.stack.invoke("exchange", exchange(iat=int(time.time()) - 60)(w))["statusCode"] == 200
        return ask(w)

    return both


def used(w: World) -> Event:
    event = exchange()(w)
    assert w.stack.invoke("exchange", event)["statusCode"] == 200
    return event


def login_ended(w: World) -> None:
    w.stack.invoke("backchannel", log_out_there()(w))


def external(what: Callable[[World, str], object]) -> Callable[[World], None]:
    """The user there is one here, and then that happens."""

    def happen(w: World) -> None:
        create_external_user(
            ISSUER,
            marked.SUBJECT,
            scope="",
            claims=json.dumps(marked.CLAIMS),
            accounts=w.stack.stores.accounts,
            user_id=EXTERNAL,
        )
        what(w, EXTERNAL)

    return happen


def setting_of_external(w: World) -> Event:
    external(lambda *_: None)(w)
    body = json.dumps({"password": marked.NEW_PASSWORD})
    return of_user("POST", "/password", user_id=EXTERNAL) | {"body": body}


def revoked_there(w: World, user_id: str) -> None:
    w.stack.stores.users.raise_version(user_id, version=1, now=int(time.time()))


def disabled_there(w: World, user_id: str) -> None:
    end.disable(user_id, users=w.stack.stores.users, now=1)


def nobody_is_made(w: World) -> None:
    w.setting("AUTO_PROVISION", "disabled")


def unread(body: bytes = b"", failure: Exception | None = None) -> Callable[[World], None]:
    """The issuer answers so, whatever it is asked for."""

    def answer(w: World) -> None:
        w.provider.body, w.provider.failure = body, failure

    return answer


def imported(*more: dict[str, object], **members: object) -> Ask:
    user = {
        "username": f"{marked.USERNAME}-new",
        "password_hash": marked.BCRYPT_HASH,
        "claims": marked.CLAIMS,
    }
    return lambda _: operator("importUsers", users=[user | members, *more])


def explaining(token: str, **of: Any) -> Ask:
    """`token` names which of the two tokens of a live session."""
    return lambda w: operating("explainToken", token=getattr(w.live(**of), token))(w)


def explaining_blocked(w: World) -> Event:
    live = w.live()
    w.stack.stores.blocklist.put(BlockedToken(live.token_id, USER, marked.REASON, 1, 2_000_000_000))
    return operating("explainToken", token=live.access_token)(w)


def end_session(w: World) -> Event:
    live = w.live()
    return request(
        "sessions",
        of=live,
        httpMethod="DELETE",
        resource="/auth/sessions/{session_id}",
        pathParameters={"session_id": live.session_id},
    )


def authorizer(form: str = "rest-request", **of: Any) -> Ask:
    return lambda w: presenting(w.live(**of).access_token, form)


def revoke_oauth(token: str, **of: Any) -> Ask:
    """`token` names which of the two tokens of a live session."""
    return lambda w: request("oauth", body={"token": getattr(w.live(**of), token)})


def introspect(token: str, **of: Any) -> Ask:
    """Likewise."""
    return lambda w: request("oauth-introspect", body={"token": getattr(w.live(**of), token)})


def without_authorizer(name: str) -> Ask:
    def ask(_: World) -> Event:
        event = request(name)
        del event["requestContext"]["authorizer"]
        return event

    return ask


def meanwhile(ask: Ask, happens: Callable[[World], object]) -> Ask:
    """The event of a live session, and what happens before it arrives."""

    def both(w: World) -> Event:
        event = ask(w)
        happens(w)
        return event

    return both


def session_ended(w: World) -> None:
    for session in w.stack.stores.sessions.of_user(USER):
        w.stack.stores.sessions.end(USER, session.session_id, now=int(time.time()))


def everything_ended(w: World) -> None:
    w.stack.stores.users.raise_version(USER, version=7, now=int(time.time()))


def disabled(w: World) -> None:
    """Not after the token, or in a later second it would be refused for that."""
    end.disable(USER, users=w.stack.stores.users, now=NOW)


def deleted(w: World) -> None:
    user = w.stack.stores.users.read(USER)
    assert user is not None
    w.stack.stores.accounts.delete(user, now=NOW)


def logged_out_ahead(w: World) -> None:
    """By a host whose clock is ahead."""
    w.stack.stores.users.raise_version(USER, version=7, now=int(time.time()) + 50)


def gone(table: str) -> Callable[[World], None]:
    return lambda w: w.setting(f"{table}_TABLE", "gone")


def misconfigured(w: World) -> None:
    w.setting("ACCESS_TOKEN_SECONDS", "3601")


def full(window: str) -> Callable[[World], None]:
    """One wrong password was one too many."""

    def guess(w: World) -> None:
        w.setting(f"FAILURES_PER_{window}", "1")
        w.stack.invoke("login", login(password=marked.GUESS)(w))

    return guess


def unheard(error: Exception) -> Callable[[World], None]:
    """CloudFormation cannot be told."""

    def refuse(w: World) -> None:
        w.refused = error

    return refuse


def unheard_and_gone(w: World) -> None:
    unheard(NO_ANSWER)(w)
    gone("KEYS")(w)


def blocked(w: World) -> Event:
    live = w.live()
    w.stack.stores.blocklist.put(BlockedToken(live.token_id, USER, marked.REASON, 1, 2_000_000_000))
    return presenting(live.access_token)


def canary(**instead: list[Reply]) -> Ask:
    return lambda w: w.answers_the_canary(**instead)


def first_keys(_: World) -> Event:
    return of_cloudformation("Create")


def last_keys(_: World) -> Event:
    return of_cloudformation("Delete")


ANOTHER = ec.derive_private_key(20_261_124, ec.SECP256R1())
FORGED = SigningKey(marked.KEY.kid, ANOTHER)
UNKNOWN = SigningKey("unknown", ANOTHER)
FORGED_MAC = replace(marked.MAC_KEY, secret=b"another secret of 32 characters!")
UNKNOWN_MAC = MacKey("mac_" + "x" * 21 + "A", b"another secret of 32 characters!")
FOREIGN = {"Origin": "https://evil.example"}
NEVER_STORED = {"sid": SESSION_ID}
NEXT_VERSION: dict[str, Any] = {"session": {"version": 8}, "claims": {"ver": 8}}
NOW = int(time.time())
AGO = {"iat": NOW - 2000, "exp": NOW - 1500, "auth_time": NOW - 2000}
AHEAD = {"iat": NOW + 2000, "exp": NOW + 2500}
UNKNOWN_NAME = f"{marked.USERNAME}-unknown"
NO_ANSWER = HTTPError(marked.RESPONSE_URL, 403, f"Forbidden: {marked.RESPONSE_URL}", Message(), None)
NO_ADDRESS = ValueError(f"unknown url type: {marked.RESPONSE_URL!r}")
