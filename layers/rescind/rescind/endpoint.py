"""Wraps the handler of every route: CORS headers, the log's context, and what becomes of failures."""

import functools
from collections.abc import Callable
from typing import Any

from rescind import audit, deadline, garbage, wiring
from rescind.deadline import Context
from rescind.reasons import Reason
from rescind.unavailable import UnavailableError
from rescind.web import responses
from rescind.web.caller import InsufficientScopeError, NoCallerError
from rescind.web.origins import cors_headers
from rescind.web.requests import Event, InvalidRequestError, TooLargeError
from rescind.web.responses import Response, to_api_gateway


def endpoint(answer: Callable[[Event], Response]) -> Callable[[Event, Context], dict[str, Any]]:
    """Make a Lambda handler of a function that answers a request.

    What the function raises becomes the contract's answer: 400, 401, 403, 413, 503; 500 for the unforeseen.
    """

    @functools.wraps(answer)
    def handler(event: Event, context: Context) -> dict[str, Any]:
        cors: dict[str, str] = {}
        try:
            cors = cors_headers(event, allowed=wiring.settings().allowed_origins)
            with deadline.of_invocation(context):
                response = answer(event)
        except InvalidRequestError as error:
            response = responses.invalid_request(str(error))
        except TooLargeError:
            response = responses.too_large()
        except NoCallerError:
            audit.record(audit.Event.ACCESS_DENIED, reason=Reason.NO_AUTHORIZER)
            response = responses.invalid_token()
        except InsufficientScopeError as error:
            audit.record(audit.Event.ACCESS_DENIED, reason=Reason.INSUFFICIENT_SCOPE)
            response = responses.insufficient_scope(error.scope)
        except UnavailableError as error:
            audit.failure(audit.Event.UNAVAILABLE, error)
            response = responses.temporarily_unavailable()
        except Exception as error:  # noqa: BLE001 - the last frame: it logs no more than type and place
            audit.failure(audit.Event.FAILED, error)
            response = responses.server_error()
        finally:
            garbage.look_for_it()
        return to_api_gateway(response, cors)

    # log_event=False outranks POWERTOOLS_LOGGER_LOG_EVENT: an event holds passwords and tokens.
    return audit.logger.inject_lambda_context(handler, log_event=False)
