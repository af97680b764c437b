"""At deployment and then daily: keep one key of each purpose signing, one ahead. On demand: revoke a key.

It asks KMS for keys that it never sees itself: they come and are stored encrypted.
"""

import json
import time
import urllib.request
from contextlib import suppress
from typing import Any

from rescind import audit, ids, wiring
from rescind.flows.revoke_key import ALL, key_revocation_effective_by, revoke_key
from rescind.flows.rotate import rotate
from rescind.invocation import invocation
from rescind.keyring import public_key_of
from rescind.rules.jwks import key_id_of
from rescind.rules.key_set import KeyEntry, Purpose
from rescind.web.requests import Event, InvalidRequestError


@invocation
def handler(event: Event) -> dict[str, Any]:
    """Answers EventBridge's schedule, CloudFormation's custom resource, and {"revoke": key id or "all"}."""
    try:
        answer = _answer(event, int(time.time()))
    except Exception as error:
        # Whether CloudFormation hears of it or gives up waiting, the log is to have this failure.
        with suppress(OSError):
            _tell_cloudformation(event, "FAILED", f"{type(error).__name__}: see this function's log.")
        raise
    _tell_cloudformation(event, "SUCCESS", "The key sets are complete.")
    return answer


def _answer(event: Event, now: int) -> dict[str, Any]:
    match event:
        # What looks like two things at once is neither.
        case {"revoke": str(key_id)} if len(event) == 1:
            return _revoke(key_id, now)
        case {"RequestType": "Delete"} if "revoke" not in event:
            return {}
        case {"RequestType": "Create" | "Update"} | {"source": "aws.events"} if "revoke" not in event:
            return {purpose.value: _rotate(purpose, now) for purpose in Purpose}
        case _:
            raise InvalidRequestError('to revoke a key, send {"revoke": "<key id>"} and nothing else')


def _rotate(purpose: Purpose, now: int) -> int:
    """How many entries the key set was given."""
    sets, days = wiring.key_sets(), wiring.settings().key_rotation_days
    if added := rotate(purpose, key_sets=sets, new_entry=_new_entry, rotation_days=days, now=now):
        audit.record(audit.Event.KEYS_ADDED)
    return added


def _revoke(key_id: str, now: int) -> dict[str, Any]:
    """What was revoked, and from when nobody accepts it."""
    sets, days = wiring.key_sets(), wiring.settings().key_rotation_days
    revoked = revoke_key(key_id, key_sets=sets, new_entry=_new_entry, rotation_days=days, now=now)
    if not any(revoked.values()) and key_id != ALL:
        raise InvalidRequestError("No key set has a key of this id: nothing was revoked.")
    by, at_the_latest = key_revocation_effective_by(time.time(), settings=wiring.settings())
    for each in (key_id for key_ids in revoked.values() for key_id in key_ids):
        audit.record(audit.Event.KEY_REVOKED, key_id=each)
    return {"revoked": revoked, "effective_by": by, "latest_effective_by": at_the_latest}


def _new_entry(purpose: Purpose, signs_from: int) -> KeyEntry:
    if purpose is Purpose.REFRESH_TOKEN:
        return KeyEntry(ids.new_mac_key_id(), signs_from, wiring.key_service().new_mac_secret())
    public, encrypted = wiring.key_service().new_signing_key()
    return KeyEntry(key_id_of(public_key_of(public)), signs_from, encrypted, public)


def _tell_cloudformation(event: Event, status: str, reason: str) -> None:
    """A stack waits until its custom resource has answered at the address it gave."""
    if "ResponseURL" not in event:
        return
    answer = {
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": event.get("PhysicalResourceId", "key-sets"),
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
    }
    request = urllib.request.Request(  # noqa: S310 - the address is CloudFormation's own
        event["ResponseURL"], data=json.dumps(answer).encode(), headers={"Content-Type": ""}, method="PUT"
    )
    urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 - as above
