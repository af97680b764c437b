"""POST /auth/login: open a session for a username and a password."""

import time

from rescind import audit, ids, snapshot, wiring
from rescind.endpoint import endpoint
from rescind.flows.issue import Refused, Tokens
from rescind.flows.login import login
from rescind.flows.throttle import Throttled
from rescind.web.client import client_of
from rescind.web.cookies import requested_transport
from rescind.web.credentials import password_of, username_of
from rescind.web.origins import check_site
from rescind.web.requests import Event, json_object
from rescind.web.responses import Response, invalid_grant, too_many_attempts
from rescind.web.tokens import token_response

snapshot.prepare("login")


@endpoint
def handler(event: Event) -> Response:
    now_ms = int(time.time() * 1000)
    body = json_object(event)
    username = username_of(body)
    password = password_of(body, "password")
    settings = wiring.settings()
    check_site(event, allowed=settings.allowed_origins)
    transport = requested_transport(event, body, allowed_origins=settings.allowed_origins)

    outcome = login(
        username,
        password,
        credentials=wiring.credentials(),
        users=wiring.users(),
        sessions=wiring.sessions(),
        attempts=wiring.attempts(),
        keys=wiring.keyring(),
        settings=settings,
        client=client_of(event, settings=settings),
        nobody=ids.new_user_id(),
        ids=ids.new_ids(),
        salt=ids.new_salt(),
        now_ms=now_ms,
    )

    match outcome:
        case Tokens() as tokens:
            audit.record(audit.Event.LOGIN, user_id=tokens.user_id, session_id=tokens.session_id)
            return token_response(tokens, transport)
        case Refused(reason, user_id):
            audit.record(audit.Event.LOGIN_REFUSED, reason=reason, user_id=user_id)
            return invalid_grant("The username or the password is wrong.")
        case Throttled(reason, retry_after, user_id):
            audit.record(audit.Event.LOGIN_REFUSED, reason=reason, user_id=user_id)
            return too_many_attempts(retry_after)
