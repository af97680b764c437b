"""boto3 clients with short deadlines, and their failures in our words, for `store/` and `keys.py`."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from rescind import deadline
from rescind.answers import refuse_damaged, refuse_unreadable
from rescind.unavailable import UnavailableError

# botocore would wait 60 s to connect and 60 s to read. How long all tries may take together: deadline.py.
_CONFIG = Config(
    connect_timeout=deadline.CONNECT_SECONDS,
    read_timeout=deadline.READ_SECONDS,
    retries={"mode": "standard", "total_max_attempts": 2},  # After a pause of up to a second, at random.
    tcp_keepalive=True,
)

_IDLE_SECONDS = 60
_CONDITION_FAILED, _CANCELLED = "ConditionalCheckFailedException", "TransactionCanceledException"
_CONFLICT = "TransactionConflict"
_TRIES_IN_CONFLICT = 3


class ConditionFailedError(Exception):
    """The condition of a write did not hold.

    `items` are the rows that stood in the way, where there were any and they were asked for, one for each
    action. `repeated` says that the SDK had sent the write before, so the row may be its own doing.
    """

    def __init__(self, items: list[Mapping[str, Any] | None], *, repeated: bool) -> None:
        super().__init__("the condition of a write did not hold")
        self.items = items
        self.repeated = repeated


class _ConflictError(UnavailableError):
    """Another transaction had one of the rows. Nothing is written."""


class _Answer(dict[str, Any]):
    def __missing__(self, name: str) -> Any:
        raise UnavailableError(f"an answer without {name}")


def client(service: str) -> Any:
    """A client with short deadlines; an answer that is unreadable, or damaged on its way, is a failure."""
    # Where an operator sets a whole function to DEBUG, botocore writes down password hashes and opened keys.
    logging.getLogger("botocore").setLevel(logging.INFO)
    made = boto3.client(service, config=_CONFIG)
    made.meta.events.register(f"before-call.{service}", _close_idle_connections(made))
    made.meta.events.register(f"before-send.{service}", _refuse_late)
    made.meta.events.register_first(f"needs-retry.{service}", _spare_the_pause)
    made.meta.events.register(f"before-parse.{service}", refuse_unreadable)
    made.meta.events.register(f"after-call.{service}", refuse_damaged)
    return made


def load(services: Iterable[str]) -> None:
    """Read from the SDK's files what making clients of these services takes: most of the time that it takes.

    For a snapshot. Their clients are thrown away.
    """
    nobody = "none"  # Without a name and a secret, the SDK would ask for credentials.
    for service in services:
        boto3.client(service, config=_CONFIG, aws_access_key_id=nobody, aws_secret_access_key=nobody)


def call(operation: Callable[..., Mapping[str, Any]], **parameters: Any) -> Mapping[str, Any]:
    """Call an operation of a client. To look up what its answer lacks is an `UnavailableError`, too.

    Raises:
        ConditionFailedError: the condition of a write did not hold; for a transaction, nothing else did.
        UnavailableError: whatever else went wrong. A write may have taken effect all the same.
    """
    tries = 0
    while True:
        try:
            return _call(operation, **parameters)
        except _ConflictError:
            # The rows were in another's transaction, which is over in a moment: nothing has happened yet.
            tries += 1
            if tries == _TRIES_IN_CONFLICT or not deadline.allows_second_try():
                raise


def _call(operation: Callable[..., Mapping[str, Any]], **parameters: Any) -> Mapping[str, Any]:
    try:
        return _Answer(operation(**parameters))
    except ClientError as error:
        raise _failure(operation, error) from error
    except UnavailableError as error:
        raise UnavailableError(_name(operation, str(error))) from error
    except (BotoCoreError, AttributeError, KeyError, TypeError, ValueError) as error:
        # The latter are botocore's when an answer has another shape than it should.
        raise UnavailableError(_name(operation, type(error).__name__)) from error


def _failure(
    operation: Callable[..., Mapping[str, Any]], error: ClientError
) -> ConditionFailedError | UnavailableError:
    answer = error.response
    code = answer["Error"]["Code"]
    repeated = answer.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
    if code == _CONDITION_FAILED:
        return ConditionFailedError([answer.get("Item")], repeated=repeated)
    reasons = answer.get("CancellationReasons", [])
    codes = {reason.get("Code") for reason in reasons}
    if reasons and codes <= {"None", "ConditionalCheckFailed"}:
        return ConditionFailedError([reason.get("Item") for reason in reasons], repeated=repeated)
    if _CONFLICT in codes or code == f"{_CONFLICT}Exception":
        return _ConflictError(_name(operation, code))
    return UnavailableError(_name(operation, code))


def _close_idle_connections(made: Any) -> Callable[..., None]:
    """Whatever lies between may have forgotten them while the sandbox was frozen, and would stay silent."""
    used_at = time.time()  # The monotonic clock may have been frozen, too.

    def close(**_: Any) -> None:
        nonlocal used_at
        before, used_at = used_at, time.time()
        idle_seconds = used_at - before
        # A negative time is a clock that was set back: it says nothing.
        if not 0 <= idle_seconds <= _IDLE_SECONDS:
            made.close()  # It opens new ones.

    return close


def _refuse_late(**_: Any) -> None:
    if not deadline.allows_first_try():
        raise UnavailableError("no time is left for a try")


def _spare_the_pause(
    response: tuple[Any, Mapping[str, Any]] | None, caught_exception: Exception | None, **_: Any
) -> None:
    """Where there would be no time left after it, a failure is one before the pause, and not after it.

    The SDK's own handler, which comes after this one, would wait first.
    """
    if deadline.allows_second_try():
        return
    if response is None:
        raise caught_exception or UnavailableError("no answer")
    http_response, parsed = response
    refuse_damaged(http_response)
    code = parsed.get("Error", {}).get("Code")
    if code is not None and code not in {_CONDITION_FAILED, _CANCELLED}:
        raise UnavailableError(code)


def _name(operation: Callable[..., Any], failure: str) -> str:
    return f"{operation.__name__}: {failure}"
