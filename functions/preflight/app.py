"""OPTIONS on the routes that browsers use: tells a page of an allowed origin that it may ask."""

from rescind.endpoint import endpoint
from rescind.web.requests import Event
from rescind.web.responses import Response, no_content

_MAY_BE_ASKED = {
    "Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "600",
}


@endpoint
def handler(_event: Event) -> Response:
    """Every answer says which origin may read it, where one may; without that the rest means nothing."""
    return no_content(_MAY_BE_ASKED)
