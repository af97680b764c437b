"""POST /auth/password: change the caller's password; every token but those of the answer is dead."""

import time

from rescind import audit, ids, wiring
from rescind.endpoint import endpoint
from rescind.flows.issue import Tokens
from rescind.flows.password import Overtaken, WrongPassword, change_password
from rescind.flows.throttle import Throttled
from rescind.reasons import Reason
from rescind.rules.weak_passwords import Weakness
from rescind.web.caller import caller
from rescind.web.client import client_of
from rescind.web.cookies import requested_transport
from rescind.web.credentials import advice, new_password_of, password_of
from rescind.web.requests import Event, json_object
from rescind.web.responses import (
    Response,
    invalid_request,
    invalid_token,
    too_many_attempts,
    wrong_current_password,
)
from rescind.web.tokens import token_response


@endpoint
def handler(event: Event) -> Response:
    now_ms = int(time.time() * 1000)
    who = caller(event)
    body = json_object(event)
    settings = wiring.settings()
    transport = requested_transport(event, body, allowed_origins=settings.allowed_origins)

    outcome = change_password(
        password_of(body, "current_password"),
        new_password_of(body, "new_password"),
        user_id=who.user_id,
        session_id=who.session_id,
        states=wiring.states(),
        credentials=wiring.credentials(),
        accounts=wiring.accounts(),
        sessions=wiring.sessions(),
        attempts=wiring.attempts(),
        keys=wiring.keyring(),
        settings=settings,
        client=client_of(event, settings=settings),
        ids=ids.new_ids(),
        salt=ids.new_salt(),
        common=wiring.common_passwords(),
        now_ms=now_ms,
    )

    match outcome:
        case Tokens() as tokens:
            audit.record(audit.Event.PASSWORD_CHANGED, user_id=who.user_id, session_id=tokens.session_id)
            return token_response(tokens, transport)
        case Weakness() as weak:
            return invalid_request(advice("new_password", weak))
        case WrongPassword():
            _refused(Reason.WRONG_PASSWORD, who.user_id)
            return wrong_current_password()
        case Throttled(reason, retry_after):
            _refused(reason, who.user_id)
            return too_many_attempts(retry_after)
        case Overtaken():
            _refused(Reason.SESSION_ENDED, who.user_id)
            return invalid_token()


def _refused(reason: Reason, user_id: str) -> None:
    audit.record(audit.Event.PASSWORD_CHANGE_REFUSED, reason=reason, user_id=user_id)
