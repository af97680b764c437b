"""A call to AWS, and its failures in our words, for `store/` and `keys.py`. It loads no SDK."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from rescind.unavailable import UnavailableError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

CONDITION_FAILED, CANCELLED = "ConditionalCheckFailedException", "TransactionCanceledException"


class ConditionFailedError(Exception):
    """The condition of a write did not hold.

    `items` are the rows that stood in the way, where there were any and they were asked for, one for each
    action. `repeated` says that the SDK had sent the write before, so the row may be its own doing.
    """

    def __init__(self, items: list[Mapping[str, Any] | None], *, repeated: bool) -> None:
        super().__init__("the condition of a write did not hold")
        self.items = items
        self.repeated = repeated


class _Answer(dict[str, Any]):
    def __missing__(self, name: str) -> Any:
        raise UnavailableError(f"an answer without {name}")


def call(operation: Callable[..., Mapping[str, Any]], **parameters: Any) -> Mapping[str, Any]:
    """Call an operation of a client. To look up what its answer lacks is an `UnavailableError`, too.

    Raises:
        ConditionFailedError: the condition of a write did not hold; for a transaction, nothing else did.
        UnavailableError: whatever else went wrong. A write may have taken effect all the same.
    """
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
            failed = _failed_condition(error)
            raise failed or UnavailableError(_name(operation, error.response["Error"]["Code"])) from error
        if isinstance(error, BotoCoreError):
            raise UnavailableError(_name(operation, type(error).__name__)) from error
        raise


def _failed_condition(error: "ClientError") -> ConditionFailedError | None:
    answer = error.response
    repeated = answer.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
    if answer["Error"]["Code"] == CONDITION_FAILED:
        return ConditionFailedError([answer.get("Item")], repeated=repeated)
    reasons = answer.get("CancellationReasons", [])
    if reasons and {reason.get("Code") for reason in reasons} <= {"None", "ConditionalCheckFailed"}:
        return ConditionFailedError([reason.get("Item") for reason in reasons], repeated=repeated)
    return None


def _name(operation: Callable[..., Any], failure: str) -> str:
    return f"{operation.__name__}: {failure}"
