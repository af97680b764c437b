"""POST /oauth/revoke (RFC 7009) and POST /oauth/introspect (RFC 7662): a token is ended, or explained."""

import time

from rescind import audit, taken_back, wiring
from rescind.endpoint import endpoint
from rescind.flows.authenticate import authenticate
from rescind.flows.end import effective_by
from rescind.flows.revoke import revoke_presented_token
from rescind.verdict import Allow, Refuse
from rescind.web.caller import Caller, caller
from rescind.web.forms import token_of
from rescind.web.introspection import active, inactive
from rescind.web.requests import Event
from rescind.web.responses import Response, ok


@endpoint
def handler(event: Event) -> Response:
    now = int(time.time())
    match event["resource"]:
        case "/oauth/revoke":
            return revoke(token_of(event), now)
        case _:
            # Whatever else leads here asks for the scope.
            who = caller(event, scope="introspect")
            return introspect(token_of(event), who, now)


def revoke(token: str, now: int) -> Response:
    settings = wiring.settings()
    outcome = revoke_presented_token(
        token,
        keys=wiring.keyring(),
        sessions=wiring.sessions(),
        blocklist=wiring.blocklist(),
        settings=settings,
        now=now,
    )
    taken_back.record(outcome)
    # What was revoked is not said: the answer is the same for every token (RFC 7009 section 2.2).
    return ok({"effective_by": effective_by(time.time(), settings=settings)})


def introspect(token: str, who: Caller, now: int) -> Response:
    """The authorizer's verdict, by the same code."""
    keys, states, settings = wiring.keyring(), wiring.states(), wiring.settings()
    match authenticate(token, keys=keys, states=states, settings=settings, now=now):
        case Allow() as allow:
            return ok(active(allow))
        case Refuse(reason) as refuse:
            audit.record(audit.Event.TOKEN_INACTIVE, reason=reason, **refuse.ids(), actor=who.user_id)
            return ok(inactive())
