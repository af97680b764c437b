"""Wraps a handler that no route leads to: the log's context, and what Lambda may see of a failure.

Lambda writes the text of an exception to the log by itself, and a foreign one may quote what it was given.
"""

import functools
from collections.abc import Callable
from typing import Any

from rescind import audit, deadline, garbage
from rescind.deadline import Context
from rescind.unavailable import UnavailableError
from rescind.web.authorizer import UnauthorizedError
from rescind.web.requests import Event, InvalidRequestError


class FailedError(Exception):
    """Something unforeseen, of which the message is the type; the log has its place."""


def invocation(
    handle: Callable[[Event], dict[str, Any]],
) -> Callable[[Event, Context], dict[str, Any]]:
    """Make a Lambda handler of a function that takes an event.

    The handler raises our own words as they are: UnauthorizedError, InvalidRequestError, UnavailableError. Of
    whatever else, FailedError tells the type.
    """

    @functools.wraps(handle)
    def handler(event: Event, context: Context) -> dict[str, Any]:
        try:
            with deadline.of_invocation(context):
                return handle(event)
        except (UnauthorizedError, InvalidRequestError) as error:
            raise error from None
        except UnavailableError as error:
            audit.failure(audit.Event.UNAVAILABLE, error)
            # Its message is ours; its cause is AWS's answer, which may hold what was asked.
            raise error from None
        except Exception as error:  # noqa: BLE001 - the last frame: Lambda is to see no more than its type
            audit.failure(audit.Event.FAILED, error)
            raise FailedError(type(error).__name__) from None
        finally:
            garbage.look_for_it()

    return audit.of_invocation(handler)
