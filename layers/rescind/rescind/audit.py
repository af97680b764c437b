"""What is written down: one log line and one metric for each event, with ids and reasons and nothing else.

Never a token, a password, a cookie, a username or a whole event: only what is named here as a parameter.
"""

from enum import StrEnum

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from rescind.reasons import Reason

logger = Logger(location=None)  # every line would name the line below that writes them all
_metrics = Metrics(namespace="Rescind")


class Event(StrEnum):
    """What happened; the name of the log line and of the metric."""

    LOGIN = "Login"
    LOGIN_REFUSED = "LoginRefused"
    REFRESH = "Refresh"
    REFRESH_REPLAYED = "RefreshReplayed"
    REFRESH_REFUSED = "RefreshRefused"
    REUSE_DETECTED = "ReuseDetected"
    ACCESS_DENIED = "AccessDenied"
    SESSION_REVOKED = "SessionRevoked"
    TOKEN_REVOKED = "TokenRevoked"
    TOKEN_INACTIVE = "TokenInactive"
    USER_CHANGED = "UserChanged"
    TOKEN_EXPLAINED = "TokenExplained"
    USER_REVOKED = "UserRevoked"
    USER_CREATED = "UserCreated"
    USER_DISABLED = "UserDisabled"
    USER_ENABLED = "UserEnabled"
    USER_DELETED = "UserDeleted"
    PASSWORD_SET = "PasswordSet"
    PASSWORD_CHANGED = "PasswordChanged"
    PASSWORD_CHANGE_REFUSED = "PasswordChangeRefused"
    KEYS_ADDED = "KeysAdded"
    KEY_REVOKED = "KeyRevoked"
    KEYS_ROTATED = "KeysRotated"
    UNAVAILABLE = "Unavailable"
    FAILED = "Failed"


def record(
    event: Event,
    *,
    reason: Reason | None = None,
    user_id: str | None = None,
    session_id: str | None = None,
    token_id: str | None = None,
    actor: str | None = None,
    key_id: str | None = None,
) -> None:
    """Write down what happened, and to whom.

    Args:
        event: what.
        reason: why something was refused or ended; also a dimension of the metric.
        user_id: of an existing user.
        session_id: of an authentic token.
        token_id: likewise.
        actor: who did it, when it was not the user: an admin's or service's user id, an operator's ARN.
        key_id: of a key in a key set.
    """
    details = {"reason": reason, "user_id": user_id, "session_id": session_id}
    details |= {"token_id": token_id, "actor": actor, "key_id": key_id}
    logger.info(event.value, extra={name: value for name, value in details.items() if value is not None})
    _count(event, reason)


def failure(event: Event, error: Exception) -> None:
    """Write down what broke: the type and the place, and the message only where it is our own.

    A foreign exception's message or traceback may quote what it was given.
    """
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown"
    message = str(error) if type(error).__module__.startswith("rescind") else ""
    logger.error(
        event.value, extra={"failure": type(error).__name__, "place": place, "failure_message": message}
    )
    _count(event, None)


def _count(event: Event, reason: Reason | None) -> None:
    if reason is not None:
        _metrics.add_dimension("reason", reason.value)
    _metrics.add_metric(event.value, MetricUnit.Count, 1)
    _metrics.flush_metrics()
    _metrics.clear_metrics()  # Where metrics are switched off, flushing them does not.
