"""POST /auth/logout: end a session, or all of the user's; in cookie mode make the browser forget, too."""

import time

from rescind import audit, wiring
from rescind.endpoint import endpoint
from rescind.flows.end import Revoked, effective_by
from rescind.flows.logout import LoggedOut, TwoUsers, logout
from rescind.web.cookies import Transport, clear_refresh_cookie, presented_refresh_token
from rescind.web.requests import Event, bearer_token, flag, json_object
from rescind.web.responses import Response, invalid_request, ok


@endpoint
def handler(event: Event) -> Response:
    now = int(time.time())
    body = json_object(event)
    settings = wiring.settings()
    presented = presented_refresh_token(event, body, allowed_origins=settings.allowed_origins)

    outcome = logout(
        access_token=bearer_token(event),
        refresh_token=presented.text,
        everywhere=flag(body, "everywhere"),
        keys=wiring.keyring(),
        states=wiring.states(),
        sessions=wiring.sessions(),
        users=wiring.users(),
        blocklist=wiring.blocklist(),
        settings=settings,
        now=now,
    )

    match outcome:
        case TwoUsers():
            return invalid_request("The access token and the refresh token are of two users.")
        case LoggedOut(revoked):
            _record(outcome)
            answer = {
                "revoked": revoked.value,
                "effective_by": effective_by(time.time(), settings=settings),
            }
            return ok(answer, clear_refresh_cookie() if presented.transport is Transport.COOKIE else None)


def _record(outcome: LoggedOut) -> None:
    if outcome.revoked is Revoked.ALL_SESSIONS:
        audit.record(audit.Event.USER_REVOKED, user_id=outcome.user_id)
    for session_id in outcome.session_ids:
        audit.record(audit.Event.SESSION_REVOKED, user_id=outcome.user_id, session_id=session_id)
