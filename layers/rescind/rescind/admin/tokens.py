"""What an admin does with one token or one session: take it back."""

import time
from collections.abc import Mapping
from typing import Any

from rescind import taken_back, wiring
from rescind.flows.end import effective_by
from rescind.flows.revoke import RevokedToken, revoke_session, revoke_token, revoke_token_id
from rescind.rules.identifiers import is_session_id, is_token_id, is_user_id
from rescind.web.admin_requests import AdminRequest
from rescind.web.requests import InvalidRequestError, optional_text
from rescind.web.responses import Response, ok


def revoke(request: AdminRequest) -> Response:
    outcome = _revoke(request.members, now=int(time.time()))
    taken_back.record(outcome, actor=request.actor)
    return ok(
        {
            "revoked": outcome.revoked.value,
            "effective_by": effective_by(time.time(), settings=wiring.settings()),
        }
    )


def _revoke(members: Mapping[str, Any], *, now: int) -> RevokedToken:
    token = optional_text(members, "token", longest=8192)
    token_id = optional_text(members, "token_id", longest=64)
    user_id = optional_text(members, "user_id", longest=64)
    session_id = optional_text(members, "session_id", longest=64)
    reason = optional_text(members, "reason", longest=256) or "admin"

    match token, token_id, user_id, session_id:
        case str(), None, None, None:
            return revoke_token(
                token,
                reason=reason,
                keys=wiring.keyring(),
                sessions=wiring.sessions(),
                blocklist=wiring.blocklist(),
                settings=wiring.settings(),
                now=now,
            )
        case None, str(), None, None if is_token_id(token_id):
            return revoke_token_id(token_id, reason=reason, blocklist=wiring.blocklist(), now=now)
        case None, None, str(), str() if is_user_id(user_id) and is_session_id(session_id):
            return revoke_session(user_id, session_id, sessions=wiring.sessions(), now=now)
        case _:
            raise InvalidRequestError(
                "Give a token, a token_id (tok_...), or a user_id (usr_...) with a session_id (ses_...)."
            )
