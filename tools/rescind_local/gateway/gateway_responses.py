"""What API Gateway answers itself, as far as the template does not say otherwise."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from rescind_local.gateway.answers import response

# Each kind's own status and message.
_DEFAULTS = {
    "ACCESS_DENIED": (403, "User is not authorized to access this resource"),
    "API_CONFIGURATION_ERROR": (500, "Internal server error"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "Internal server error"),
    "AUTHORIZER_FAILURE": (500, "Internal server error"),
    "INTEGRATION_TIMEOUT": (504, "Endpoint request timed out"),
    "MISSING_AUTHENTICATION_TOKEN": (403, "Missing Authentication Token"),
    "REQUEST_TOO_LARGE": (413, "Request Too Long"),
    "UNAUTHORIZED": (401, "Unauthorized"),
    # A function that failed has no kind of its own in API Gateway: only DEFAULT_5XX shapes it.
    "FUNCTION_FAILED": (502, "Internal server error"),
}
_SERVER_ERRORS_START_AT = 500
_PREFIX = "gatewayresponse.header."


def gateway_response(kind: str, declared: Mapping[str, Any]) -> Response:
    """The response of that kind; `declared` is the document's x-amazon-apigateway-gateway-responses.

    A template is taken as it stands: mapping language in it is not run.
    """
    status, message = _DEFAULTS[kind]
    fallback = declared.get("DEFAULT_5XX" if status >= _SERVER_ERRORS_START_AT else "DEFAULT_4XX", {})
    chosen = declared.get(kind, fallback)
    status = int(chosen.get("statusCode") or fallback.get("statusCode") or status)
    headers = [
        (name.removeprefix(_PREFIX).lower(), str(value).removeprefix("'").removesuffix("'"))
        for name, value in chosen.get("responseParameters", {}).items()
        if name.startswith(_PREFIX)
    ]
    body = chosen.get("responseTemplates", {}).get("application/json", f'{{"message": "{message}"}}')
    if all(name != "content-type" for name, _ in headers):
        headers.append(("content-type", "application/json"))
    return response(status, headers, body.encode())
