"""The token response (RFC 6749 section 5.1), in the transport that was asked for."""

from rescind.flows.issue import Tokens
from rescind.web.cookies import Transport, set_refresh_cookie
from rescind.web.responses import Response, ok


def token_response(tokens: Tokens, transport: Transport) -> Response:
    body = {
        "access_token": tokens.access_token,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
        "refresh_expires_in": tokens.refresh_expires_in,
        "session_id": tokens.session_id,
        "scope": tokens.scope,
    }
    match transport:
        case Transport.COOKIE:
            return ok(body, set_refresh_cookie(tokens.refresh_token, seconds=tokens.refresh_expires_in))
        case Transport.BODY:
            return ok({**body, "refresh_token": tokens.refresh_token})
