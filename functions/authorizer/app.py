"""The authorizer: API Gateway asks it before each request to a protected route, of any API it serves."""

import time
from typing import Any

from rescind import audit, authorizer_wiring, deadline, snapshot, wiring
from rescind.flows.authenticate import authenticate
from rescind.flows.stores import States, VerificationKeys
from rescind.invocation import invocation
from rescind.settings import Settings
from rescind.verdict import Allow, Refuse
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
    keys, states = authorizer_wiring.keyring(), authorizer_wiring.states()
    settings = wiring.settings()
    with deadline.within(_WAITS_SECONDS):
        return authorize(event, keys=keys, states=states, settings=settings, now=now)


def authorize(
    event: Event, *, keys: VerificationKeys, states: States, settings: Settings, now: int
) -> dict[str, Any]:
    token = presented_access_token(event)
    match authenticate(token, keys=keys, states=states, settings=settings, now=now):
        case Allow() as allow:
            return allowed(event, allow)
        case Refuse(reason) as refuse:
            audit.record(audit.Event.ACCESS_DENIED, reason=reason, **refuse.ids())
            return refused(event)
