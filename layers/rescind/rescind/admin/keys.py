"""What an operator sees of the keys: how each stands, and no secret. `functions/keys` changes them."""

import time
from typing import Any

from rescind import wiring
from rescind.rules.key_set import Purpose
from rescind.rules.key_states import KeyStanding, standings
from rescind.web.admin_requests import AdminRequest
from rescind.web.responses import Response, ok


def show(_: AdminRequest) -> Response:
    now = int(time.time())
    key_sets = {purpose: wiring.key_sets().read(purpose) for purpose in Purpose}
    keys = {
        purpose.value: [_shown(each) for each in standings(key_set, now=now)]
        for purpose, key_set in key_sets.items()
    }
    return ok({"now": now, "keys": keys})


def _shown(standing: KeyStanding) -> dict[str, Any]:
    return {
        "key_id": standing.entry.key_id,
        "state": standing.state.value,
        "signs_from": standing.entry.signs_from,
        "added_at": standing.entry.added_at,
        "revoked_at": standing.entry.revoked_at,
        "verifies_until": standing.verifies_until,
    }
