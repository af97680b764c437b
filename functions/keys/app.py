"""At deployment and then daily: keep one key of each purpose signing, one ahead. On demand: rotate, revoke.

It asks KMS for keys that it never sees itself: they come and are stored encrypted.
"""

import time
from contextlib import suppress
from typing import Any

from rescind import audit, wiring
from rescind.cloudformation import tell_cloudformation
from rescind.flows.revoke_key import ALL, key_revocation_effective_by, revoke_key
from rescind.flows.rotate import rotate, rotate_now
from rescind.invocation import invocation
from rescind.new_keys import new_entry
from rescind.rules.key_set import Purpose
from rescind.web.admin_requests import operator_of
from rescind.web.requests import Event, InvalidRequestError

_ALLOWED = 'send {"revoke": "<key id>"} or {"rotate": "now"}, and nothing else but "operator": "<ARN>"'


@invocation
def handler(event: Event) -> dict[str, Any]:
    """Answers EventBridge's schedule, CloudFormation's custom resource, and operators.

    They send {"rotate": "now"} or {"revoke": key id or "all"}, and may add who they are as "operator".
    """
    try:
        answer = _answer(event, int(time.time()))
    except Exception as error:
        # Whether CloudFormation hears of it or gives up waiting, the log is to have this failure.
        with suppress(OSError):
            tell_cloudformation(event, "FAILED", f"{type(error).__name__}: see this function's log.")
        raise
    tell_cloudformation(event, "SUCCESS", "The key sets are complete.")
    return answer


def _answer(event: Event, now: int) -> dict[str, Any]:
    match event:
        case {"revoke": str(key_id)} if event.keys() <= {"revoke", "operator"}:
            return _revoke(key_id, now, actor=operator_of(event))
        case {"rotate": "now"} if event.keys() <= {"rotate", "operator"}:
            return _rotate_now(now, actor=operator_of(event))
        case {"revoke": _} | {"rotate": _}:
            raise InvalidRequestError(_ALLOWED)  # What looks like two things at once is neither.
        case {"RequestType": "Delete"}:
            return {}
        case {"RequestType": "Create" | "Update"} | {"source": "aws.events"}:
            return {purpose.value: _rotate(purpose, now) for purpose in Purpose}
        case _:
            raise InvalidRequestError(_ALLOWED)


def _rotate(purpose: Purpose, now: int) -> int:
    """How many entries the key set was given."""
    if added := rotate(purpose, now=now, **_with()):
        audit.record(audit.Event.KEYS_ADDED)
    return added


def _rotate_now(now: int, *, actor: str) -> dict[str, Any]:
    """Which keys take over, and from when."""
    rotated = {}
    for purpose in Purpose:
        following = rotate_now(purpose, now=now, **_with())
        if following.changed:
            audit.record(audit.Event.KEYS_ROTATED, key_id=following.entry.key_id, actor=actor)
        rotated[purpose.value] = {"key_id": following.entry.key_id, "signs_from": following.entry.signs_from}
    return {"rotated": rotated}


def _revoke(key_id: str, now: int, *, actor: str) -> dict[str, Any]:
    """What was revoked, and from when nobody accepts it."""
    revoked = revoke_key(key_id, now=now, **_with())
    if not any(revoked.values()) and key_id != ALL:
        raise InvalidRequestError("No key set has a key of this id: nothing was revoked.")
    by, at_the_latest = key_revocation_effective_by(time.time(), settings=wiring.settings())
    for each in (key_id for key_ids in revoked.values() for key_id in key_ids):
        audit.record(audit.Event.KEY_REVOKED, key_id=each, actor=actor)
    return {"revoked": revoked, "effective_by": by, "latest_effective_by": at_the_latest}


def _with() -> dict[str, Any]:
    days = wiring.settings().key_rotation_days
    return {"key_sets": wiring.key_sets(), "new_entry": new_entry, "rotation_days": days}
