"""POST /auth/refresh: trade a one-use refresh token for its successor and a new access token."""

import time

from rescind import audit, ids, wiring
from rescind.endpoint import endpoint
from rescind.flows.issue import Refused
from rescind.flows.refresh import Replayed, Rotated, SessionEnded, refresh
from rescind.web.cookies import presented_refresh_token
from rescind.web.requests import Event, InvalidRequestError, json_object
from rescind.web.responses import Response, invalid_grant
from rescind.web.tokens import token_response

_REFUSED = "The refresh token is expired, used, revoked or not valid."


@endpoint
def handler(event: Event) -> Response:
    now = int(time.time())
    settings = wiring.settings()
    presented = presented_refresh_token(event, json_object(event), allowed_origins=settings.allowed_origins)
    if presented.text is None:
        raise InvalidRequestError("refresh_token is missing, in the body and as a cookie.")

    outcome = refresh(
        presented.text,
        states=wiring.states(),
        sessions=wiring.sessions(),
        keys=wiring.keyring(),
        settings=settings,
        token_id=ids.new_token_id(),
        attempt=ids.new_attempt_id(),
        now=now,
    )

    match outcome:
        case Rotated(tokens):
            audit.record(audit.Event.REFRESH, user_id=tokens.user_id, session_id=tokens.session_id)
            return token_response(tokens, presented.transport)
        case Replayed(tokens):
            audit.record(audit.Event.REFRESH_REPLAYED, user_id=tokens.user_id, session_id=tokens.session_id)
            return token_response(tokens, presented.transport)
        case SessionEnded(reason, user_id, session_id):
            audit.record(audit.Event.REUSE_DETECTED, reason=reason, user_id=user_id, session_id=session_id)
        case Refused(reason, user_id, session_id):
            audit.record(audit.Event.REFRESH_REFUSED, reason=reason, user_id=user_id, session_id=session_id)
    # The cookie stays: this may be the loser of a race whose winner has just set it anew.
    return invalid_grant(_REFUSED)
