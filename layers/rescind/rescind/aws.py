"""A call to AWS, and its failures in our words, for `store/` and `keys.py`. It loads no SDK."""

import secrets
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from rescind import deadline
from rescind.unavailable import UnavailableError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

CONDITION_FAILED, CANCELLED = "ConditionalCheckFailedException", "TransactionCanceledException"
_CONFLICT = "TransactionConflict"
_TRIES_IN_CONFLICT = 5
_PAUSE_IN_CONFLICT_MS = 12


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
            # The rows were in another's transaction, which is over in a moment: nothing has happened yet. At
            # random and longer each time, as the others, too, may be waiting for each other.
            tries += 1
            if tries == _TRIES_IN_CONFLICT or not deadline.allows_second_try():
                raise
            time.sleep(secrets.randbelow(_PAUSE_IN_CONFLICT_MS << tries) / 1000)


def _call(operation: Callable[..., Mapping[str, Any]], **parameters: Any) -> Mapping[str, Any]:
    try:
        return _Answer(operation(**parameters))
    except UnavailableError as error:
        raise UnavailableError(_name(operation, str(error))) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # botocore's when an answer has another shape than it should.
        raise UnavailableError(_name(operation, type(error).__name__)) from error
    except Exception as error:
        # Only the SDK raises these, and then they are loaded.
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        if isinstance(error, ClientError):
            raise _failure(operation, error) from error
        if isinstance(error, BotoCoreError):
            raise UnavailableError(_name(operation, type(error).__name__)) from error
        raise


def _failure(
    operation: Callable[..., Mapping[str, Any]], error: "ClientError"
) -> ConditionFailedError | UnavailableError:
    answer = error.response
    code = answer["Error"]["Code"]
    repeated = answer.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
    if code == CONDITION_FAILED:
        return ConditionFailedError([answer.get("Item")], repeated=repeated)
    reasons = answer.get("CancellationReasons", [])
    codes = {reason.get("Code") for reason in reasons}
    if reasons and codes <= {"None", "ConditionalCheckFailed"}:
        return ConditionFailedError([reason.get("Item") for reason in reasons], repeated=repeated)
    if _CONFLICT in codes or code == f"{_CONFLICT}Exception":
        return _ConflictError(_name(operation, code))
    return UnavailableError(_name(operation, code))


def _name(operation: Callable[..., Any], failure: str) -> str:
    return f"{operation.__name__}: {failure}"
