"""POST /oauth/backchannel-logout and POST /oauth/security-events: a login at another issuer has ended."""

import time

from rescind import audit, wiring
from rescind.endpoint import endpoint
from rescind.flows.backchannel import Ended, Verify, end_login
from rescind.flows.end import effective_by
from rescind.flows.issue import Refused
from rescind.rules.logout_tokens import verify_logout_token, verify_security_event
from rescind.web.login_ends import event_received, event_refused, logout_token_of, security_event_of
from rescind.web.requests import Event, InvalidRequestError
from rescind.web.responses import Response, invalid_request, ok

_ACTOR = "issuer"


@endpoint
def handler(event: Event) -> Response:
    now = int(time.time())
    match event["resource"]:
        case "/oauth/backchannel-logout":
            return log_out(event, now)
        case _:
            return receive(event, now)


def log_out(event: Event, now: int) -> Response:
    """OpenID Connect Back-Channel Logout 1.0 section 2.8."""
    match _end(logout_token_of(event), verify_logout_token, now):
        case Ended():
            return ok({"effective_by": effective_by(time.time(), settings=wiring.settings())})
        case Refused():
            return invalid_request("The logout token is expired, not for this API or not valid.")


def receive(event: Event, now: int) -> Response:
    """RFC 8935 section 2."""
    try:
        text = security_event_of(event)
    except InvalidRequestError as error:
        return event_refused(str(error))
    match _end(text, verify_security_event, now):
        case Ended():
            return event_received()
        case Refused():
            return event_refused("The security event token is not for this API or not valid.")


def _end(text: str, verify: Verify, now: int) -> Ended | Refused:
    outcome = end_login(
        text,
        verify=verify,
        issuers=wiring.exchange_settings().trusted_issuers,
        issuer_keys=wiring.issuer_keyring(),
        logins=wiring.logins(),
        sessions=wiring.sessions(),
        now=now,
    )
    match outcome:
        case Ended(sessions):
            for user_id, session_id in sessions:
                audit.record(
                    audit.Event.SESSION_REVOKED, user_id=user_id, session_id=session_id, actor=_ACTOR
                )
        case Refused(reason):
            audit.record(audit.Event.LOGIN_END_REFUSED, reason=reason)
    return outcome
