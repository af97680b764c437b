"""The authorizer: API Gateway asks it before each request to a protected route, of any API it serves."""

import time
from typing import Any

from rescind import audit, authorizer_wiring, deadline, snapshot
from rescind.flows.stores import Authenticator
from rescind.invocation import invocation
from rescind.verdict import Allow, AllowByFeed, Refuse
from rescind.web.authorizer import allowed, presented_access_token, refused
from rescind.web.requests import Event

# For AWS, so that the answer is there within three.
_WAITS_SECONDS = 2.75

snapshot.prepare("authorizer")


@invocation
def handler(event: Event) -> dict[str, Any]:
    """A failure is neither a 401 nor a policy: API Gateway makes an exception a 503, and keeps none."""
    now = int(time.time())
    # Before its seconds are counted: a new sandbox may have to load the SDK here.
    authenticate = authorizer_wiring.authenticator()
    with deadline.within(_WAITS_SECONDS):
        return authorize(event, authenticate=authenticate, now=now)


def authorize(event: Event, *, authenticate: Authenticator, now: int) -> dict[str, Any]:
    match authenticate(presented_access_token(event), now=now):
        case Allow() | AllowByFeed() as allow:
            return allowed(event, allow)
        case Refuse(reason) as refuse:
            audit.record(audit.Event.ACCESS_DENIED, reason=reason, **refuse.ids())
            return refused(event)
