"""GET /auth/sessions and DELETE /auth/sessions/{session_id}: where the caller is logged in, and no longer."""

import time

from rescind import audit, wiring
from rescind.endpoint import endpoint
from rescind.flows.accounts import live_sessions
from rescind.flows.end import Revoked, effective_by
from rescind.rules.identifiers import is_session_id
from rescind.web.caller import Caller, caller
from rescind.web.requests import Event
from rescind.web.responses import Response, not_found, ok
from rescind.web.sessions import shown


@endpoint
def handler(event: Event) -> Response:
    now = int(time.time())
    who = caller(event)
    match event["httpMethod"]:
        case "GET":
            return show(who, now)
        case _:
            return end(who, event["pathParameters"]["session_id"], now)


def show(who: Caller, now: int) -> Response:
    user = wiring.users().read(who.user_id)
    live = live_sessions(user, sessions=wiring.sessions(), now=now) if user else []
    sessions = [{**shown(row), "current": row.session_id == who.session_id} for row in live]
    return ok({"sessions": sessions})


def end(who: Caller, session_id: str, now: int) -> Response:
    if not is_session_id(session_id) or not wiring.sessions().end(who.user_id, session_id, now=now):
        return not_found("There is no such session.")
    audit.record(audit.Event.SESSION_REVOKED, user_id=who.user_id, session_id=session_id)
    return ok(
        {
            "revoked": Revoked.SESSION.value,
            "effective_by": effective_by(time.time(), settings=wiring.settings()),
        }
    )
