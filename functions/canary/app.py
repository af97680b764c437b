"""On a schedule: log in as a throw-away user, log out, and measure for how long the token still gets through.

It asks the API over HTTP as any client does; only its user is made and deleted here. No secret is stored: the
password lives as long as one invocation.
"""

import json
import secrets
import time
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError

from rescind import audit, ids, wiring
from rescind.flows.accounts import create_user
from rescind.flows.canary import answer_to, leave_nothing, log_in_and_out, measure
from rescind.flows.end import stated_bound
from rescind.invocation import invocation
from rescind.unavailable import UnavailableError
from rescind.web.requests import Event

_ACTOR = "canary"
# The authorizer takes 5 s at most, the function behind it 10; each may start cold.
_ANSWER_SECONDS = 20
# For the request that is under way when time is up, and for the tries to delete the user.
_RESERVE_SECONDS = 70


def handler(event: Event, context: Any) -> dict[str, Any]:
    """Whatever the event says: it comes from the schedule, or from an operator who wants to know now."""
    ends_at = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS
    return invocation(lambda _: _run(ends_at))(event, context)


def _run(ends_at: float) -> dict[str, Any]:
    user_id, username = ids.new_user_id(), f"canary-{secrets.token_hex(8)}"
    password = secrets.token_urlsafe(32)
    bound = stated_bound(wiring.settings())
    try:
        _create(user_id, username, password)
        token = log_in_and_out(username, password, ask=_ask)
        measured = measure(
            lambda: answer_to(token, ask=_ask),
            bound_seconds=bound,
            clock=time.monotonic,
            sleep=time.sleep,
            ends_at=ends_at,
        )
        delay = measured.delay_seconds
        audit.measured(delay_seconds=delay, bound_seconds=bound, user_id=user_id, actor=_ACTOR)
    finally:
        # Whatever failed: even of a write that did, nobody knows whether it was made.
        users, accounts = wiring.users(), wiring.accounts()
        if leave_nothing(user_id, users=users, accounts=accounts, clock=time.time, sleep=time.sleep):
            audit.record(audit.Event.USER_DELETED, user_id=user_id, actor=_ACTOR)
    return {"delay_seconds": delay, "bound_seconds": bound, "late": measured.late}


def _create(user_id: str, username: str, password: str) -> None:
    create_user(
        username,
        password,
        scope="",
        claims="{}",
        accounts=wiring.accounts(),
        user_id=user_id,
        salt=ids.new_salt(),
        parameters=wiring.settings().hash_parameters,
        common=(),
    )
    audit.record(audit.Event.USER_CREATED, user_id=user_id, actor=_ACTOR)


def _ask(method: str, path: str, *, bearer: str = "", body: object = None) -> tuple[int, dict[str, Any]]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
    data = None if body is None else json.dumps(body).encode()
    url = wiring.canary_settings().api_url + path
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - https, or http on this machine: settings.py
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - as above
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, {}
    except (OSError, HTTPException, ValueError) as error:
        raise UnavailableError(f"no answer: {type(error).__name__}") from error
