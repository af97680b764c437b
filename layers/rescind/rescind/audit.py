"""What is written down: one log line and one metric for each event, with ids and reasons and nothing else.

Never a token, a password, a cookie, a username or a whole event: only what is named here as a parameter.
"""

import functools
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from enum import StrEnum
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from rescind.reasons import Reason

logger = Logger(location=None)  # every line would name the line below that writes them all
_metrics = Metrics(namespace="Rescind", service=logger.service)
_tell: ContextVar[Callable[[], None]] = ContextVar("tell", default=lambda: None)
"""Tells the logger of which invocation its lines are, unless it knows."""

Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]


class Event(StrEnum):
    """What happened; the name of the log line and of the metric."""

    LOGIN = "Login"
    LOGIN_REFUSED = "LoginRefused"
    EXCHANGE = "Exchange"
    EXCHANGE_REFUSED = "ExchangeRefused"
    REFRESH = "Refresh"
    REFRESH_REPLAYED = "RefreshReplayed"
    REFRESH_REFUSED = "RefreshRefused"
    REUSE_DETECTED = "ReuseDetected"
    ACCESS_DENIED = "AccessDenied"
    LOGIN_END_REFUSED = "LoginEndRefused"
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
    CANARY = "CanaryMeasured"


def of_invocation(handler: Handler) -> Handler:
    """Let the lines of a handler say of which invocation they are, and do what that takes when there is one.

    The authorizer lets most tokens through without one. At the first invocation it is done at once: its lines
    alone are of a cold start.
    """
    # log_event=False outranks POWERTOOLS_LOGGER_LOG_EVENT: an event holds tokens.
    tell = logger.inject_lambda_context(lambda *_: None, log_event=False)
    is_told_at_once = True

    @functools.wraps(handler)
    def of_this(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        nonlocal is_told_at_once
        if is_told_at_once:
            is_told_at_once = False
            tell({}, context)
            return handler(event, context)
        before = _tell.set(functools.partial(tell, {}, context))
        try:
            return handler(event, context)
        finally:
            _tell.reset(before)

    return of_this


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
    _tell.get()()
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
    _tell.get()()
    logger.error(
        event.value, extra={"failure": type(error).__name__, "place": place, "failure_message": message}
    )
    _count(event, None)


def measured(*, delay_seconds: float, bound_seconds: int, user_id: str, actor: str) -> None:
    """Write down how long a token got through after its logout, and how long the stack says it may."""
    details = {"delay_seconds": delay_seconds, "bound_seconds": bound_seconds}
    _tell.get()()
    logger.info(Event.CANARY.value, extra={**details, "user_id": user_id, "actor": actor})
    _metrics.add_metric(Event.CANARY.value, MetricUnit.Count, 1)
    _metrics.add_metric("RevocationDelay", MetricUnit.Seconds, delay_seconds)
    _metrics.add_metric("RevocationBound", MetricUnit.Seconds, bound_seconds)
    _flush()


def _count(event: Event, reason: Reason | None) -> None:
    """Of the service, which is always there for an alarm to watch; and of the service and the reason.

    Each pair of a metric and its dimensions is billed: no id may be one.
    """
    _metrics.add_metric(event.value, MetricUnit.Count, 1)
    if reason is not None:
        _metrics.add_dimensions(service=logger.service, reason=reason.value)
    _flush()


def _flush() -> None:
    _metrics.flush_metrics()
    _metrics.clear_metrics()  # Where metrics are switched off, flushing them does not.
