"""What a person asks the functions for: each an event of tests/events, with their tokens; and the answers."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.functions.conftest import recorded, recorded_from
from tests.issuers import Issuer
from tests.people import Person
from tests.things import NEW_PASSWORD, PASSWORD

OPERATOR = "arn:aws:sts::123456789012:assumed-role/operators/grace"
_COOKIE = "__Host-refresh_token"


@dataclass(frozen=True)
class Call:
    function: str
    event: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    began: float = 0.0
    ended: float = 0.0

    @property
    def refresh_token(self) -> str:
        """Of a token response, in whichever transport it came."""
        if "refresh_token" in self.body:
            return str(self.body["refresh_token"])
        return self.headers["Set-Cookie"].partition(";")[0].partition("=")[2]


def log_in(who: Person, password: str) -> Call:
    return Call("login", recorded("login", body={"username": who.username, "password": password}))


def exchange(subject_token: str, **members: object) -> Call:
    """Of another issuer; `members` of the body besides, or in place of the recorded ones."""
    body = json.loads(recorded("exchange")["body"]) | {"subject_token": subject_token} | members
    return Call("exchange", recorded("exchange", body=body))


def log_out_at_issuer(logout_token: str) -> Call:
    """As the issuer does, when its user has logged out there."""
    return Call("backchannel", recorded("backchannel", body={"logout_token": logout_token}))


def receive_event(security_event: str) -> Call:
    """As the issuer pushes it."""
    return Call("backchannel", recorded("backchannel-security-event") | {"body": security_event})


def refresh(token: str, *, by_cookie: bool = False) -> Call:
    return Call("refresh", _with_refresh_token("refresh", token, {}, by_cookie=by_cookie))


def log_out(token: str, *, by_cookie: bool = False) -> Call:
    return Call("logout", _with_refresh_token("logout", token, {}, by_cookie=by_cookie))


def log_out_everywhere_by_refresh_token(token: str) -> Call:
    return Call("logout", _with_refresh_token("logout", token, {"everywhere": True}, by_cookie=False))


def log_out_by_bearer(tokens: Answer, *, everywhere: bool = False) -> Call:
    bearer = {"Authorization": f"Bearer {tokens.body['access_token']}"}
    return Call("logout", recorded("logout", body={"everywhere": everywhere}, headers=bearer))


def ask_authorizer(tokens: Answer) -> Call:
    bearer = {"Authorization": f"Bearer {tokens.body['access_token']}"}
    return Call("authorizer", recorded("authorizer-rest-request", headers=bearer))


def list_sessions(who: Person, tokens: Answer) -> Call:
    return Call("sessions", recorded_from(tokens.body, "sessions", user_id=who.user_id))


def end_session(who: Person, tokens: Answer, session_id: str) -> Call:
    event = recorded_from(tokens.body, "sessions", user_id=who.user_id)
    event |= {"httpMethod": "DELETE", "pathParameters": {"session_id": session_id}}
    return Call("sessions", event)


def change_password(who: Person, tokens: Answer, current: str, new: str) -> Call:
    body = {"current_password": current, "new_password": new}
    return Call("password", recorded_from(tokens.body, "password", user_id=who.user_id, body=body))


def set_password(who: Person, password: str) -> Call:
    return _admin("POST", "/admin/users/{user_id}/password", user_id=who.user_id, body={"password": password})


def change_user(who: Person, **body: object) -> Call:
    return _admin("PATCH", "/admin/users/{user_id}", user_id=who.user_id, body=body)


def disable(who: Person) -> Call:
    return _admin("POST", "/admin/users/{user_id}/disable", user_id=who.user_id)


def enable(who: Person) -> Call:
    return _admin("POST", "/admin/users/{user_id}/enable", user_id=who.user_id)


def revoke_user(who: Person) -> Call:
    return _admin("POST", "/admin/users/{user_id}/revoke", user_id=who.user_id)


def delete_user(who: Person) -> Call:
    return _admin("DELETE", "/admin/users/{user_id}", user_id=who.user_id)


def revoke_session(who: Person, session_id: str) -> Call:
    return revoke_as_admin(user_id=who.user_id, session_id=session_id)


def revoke_as_admin(**body: str) -> Call:
    return _admin("POST", "/admin/tokens/revoke", body=body)


def revoke_by_oauth(token: str) -> Call:
    return Call("oauth", recorded("oauth", body={"token": token}))


def introspect(token: str) -> Call:
    return Call("oauth", recorded("oauth-introspect", body={"token": token}))


def say_who(who: Person, tokens: Answer) -> Call:
    return Call("me", recorded_from(tokens.body, "me", user_id=who.user_id))


def publish_keys() -> Call:
    return Call("jwks", recorded("jwks"))


def preflight() -> Call:
    return Call("preflight", recorded("preflight"))


def tend_keys() -> Call:
    """As the schedule does daily."""
    return Call("keys", recorded("keys"))


def measure_revocation() -> Call:
    """As the schedule does."""
    return Call("canary", recorded("canary"))


def operate(operation: str, **parameters: object) -> Call:
    """As an operator, by a direct invocation of the admin function."""
    return Call("admin", {"operation": operation, "operator": OPERATOR, "parameters": parameters})


def to_be_granted(function: str, who: Person, tokens: Answer, issuer: Issuer) -> Call:
    """One request to the function, of somebody with the password of tests/things and a live session.

    Or of somebody who has logged in at the issuer, or of the issuer itself: right now.
    """
    now = int(time.time())
    of_each: dict[str, Call] = {
        call.function: call
        for call in (
            operate("createUser", username=f"{who.username}-too", password=NEW_PASSWORD),
            ask_authorizer(tokens),
            measure_revocation(),
            publish_keys(),
            tend_keys(),
            log_in(who, PASSWORD),
            log_out(tokens.refresh_token),
            say_who(who, tokens),
            revoke_by_oauth(tokens.refresh_token),
            change_password(who, tokens, PASSWORD, NEW_PASSWORD),
            exchange(issuer.id_token(now=now)),
            log_out_at_issuer(issuer.logout_token(now=now)),
            preflight(),
            refresh(tokens.refresh_token),
            list_sessions(who, tokens),
        )
    }
    return of_each[function]


def _admin(method: str, resource: str, *, user_id: str = "", body: object = None) -> Call:
    event = recorded("admin")
    in_path = {"user_id": user_id} if "{user_id}" in resource else None
    event |= {"httpMethod": method, "resource": resource, "pathParameters": in_path}
    return Call("admin", event | {"body": None if body is None else json.dumps(body)})


def _with_refresh_token(name: str, token: str, body: dict[str, Any], *, by_cookie: bool) -> dict[str, Any]:
    if by_cookie:
        return recorded(name, body=body, headers={"Cookie": f"{_COOKIE}={token}"})
    return recorded(name, body={**body, "refresh_token": token})
