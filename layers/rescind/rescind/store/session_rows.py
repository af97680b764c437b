"""The row of a session, read and written."""

from rescind.model import Session
from rescind.store import attributes
from rescind.store.attributes import of_number

_EXPIRED_ROW_SECONDS = 120


def session_of(item: attributes.Item) -> Session:
    return Session(
        user_id=attributes.text(item, "user_id"),
        session_id=attributes.text(item, "session_id"),
        counter=attributes.number(item, "counter"),
        version=attributes.number(item, "version"),
        attempt=attributes.text(item, "attempt"),
        created_at_ms=attributes.number(item, "created_at_ms"),
        rotated_at=attributes.number(item, "rotated_at"),
        last_used_at=attributes.number(item, "last_used_at"),
        idle_expires_at=attributes.number(item, "idle_expires_at"),
        absolute_expires_at=attributes.number(item, "absolute_expires_at"),
        user_agent=attributes.text(item, "user_agent"),
        ip=attributes.text(item, "ip"),
        revoked_at=attributes.optional_number(item, "revoked_at"),
    )


def session_item(session: Session) -> dict[str, dict[str, str]]:
    """The row of a live session, which DynamoDB may delete two minutes after it has expired for good."""
    return {
        "user_id": {"S": session.user_id},
        "session_id": {"S": session.session_id},
        "counter": of_number(session.counter),
        "version": of_number(session.version),
        "attempt": {"S": session.attempt},
        "created_at_ms": of_number(session.created_at_ms),
        "rotated_at": of_number(session.rotated_at),
        "last_used_at": of_number(session.last_used_at),
        "idle_expires_at": of_number(session.idle_expires_at),
        "absolute_expires_at": of_number(session.absolute_expires_at),
        "user_agent": {"S": session.user_agent},
        "ip": {"S": session.ip},
        "ttl": of_number(session.absolute_expires_at + _EXPIRED_ROW_SECONDS),
    }
