"""How a session is shown: to its user, and to an operator."""

from typing import Any

from rescind.model import Session


def shown(session: Session) -> dict[str, Any]:
    return {
        "session_id": session.session_id,
        "created_at": session.created_at_ms // 1000,
        "last_used_at": session.last_used_at,
        "expires_at": min(session.idle_expires_at, session.absolute_expires_at),
        "user_agent": session.user_agent,
        "ip": session.ip,
    }
