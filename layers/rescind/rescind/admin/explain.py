"""What an operator learns of a token: its claims, each check, the verdict; never its signature or mac."""

import time
from typing import Any

from rescind import audit, wiring
from rescind.flows.checks import Check
from rescind.flows.explain import Explanation, explain
from rescind.keyring import Keyring
from rescind.web.admin_requests import AdminRequest
from rescind.web.requests import text
from rescind.web.responses import Response, ok


def show(request: AdminRequest) -> Response:
    now = int(time.time())
    explanation = explain(
        text(request.members, "token", longest=8192),
        # Not the sandbox's own, which may be a minute old: this is to say what is stored now.
        keys=Keyring(wiring.key_sets(), wiring.key_service()),
        key_sets=wiring.key_sets(),
        states=wiring.states(),
        blocklist=wiring.blocklist(),
        settings=wiring.settings(),
        now=now,
    )
    # To look at a token is a security event: whoever has one of somebody else has a reason, or had better.
    audit.record(
        audit.Event.TOKEN_EXPLAINED,
        user_id=explanation.user_id,
        session_id=explanation.session_id,
        token_id=explanation.token_id,
        actor=request.actor,
    )
    return ok({"now": now, **_shown(explanation)})


def _shown(explanation: Explanation) -> dict[str, Any]:
    """A member that has no value is left out."""
    members = {
        "kind": explanation.kind.value,
        "claims" if explanation.authentic else "unverified": explanation.claims,
        "checks": [_shown_check(check) for check in explanation.checks],
        "scope": explanation.scope,
        "outcome": explanation.outcome,
        "verdict": "refuse" if explanation.reason else "allow",
        "reason": explanation.reason,
    }
    return {name: value for name, value in members.items() if value is not None}


def _shown_check(check: Check) -> dict[str, Any]:
    members = {
        "check": check.name,
        "passes": check.passes,
        "reason": None if check.passes else check.reason.value,
        "claimed": check.claimed,
        "stored": check.stored,
    }
    return {name: value for name, value in members.items() if value is not None}
