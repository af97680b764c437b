"""GET /auth/me: who is calling. The example of a function behind the authorizer."""

from rescind.endpoint import endpoint
from rescind.web.caller import caller
from rescind.web.requests import Event
from rescind.web.responses import Response, ok


@endpoint
def handler(event: Event) -> Response:
    who = caller(event)
    return ok(
        {
            "user_id": who.user_id,
            "session_id": who.session_id,
            "token_id": who.token_id,
            "scope": who.scope,
        }
    )
