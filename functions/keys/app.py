"""Once at deployment and then daily: keep one key of each purpose signing, and one published ahead.

It asks KMS for keys that it never sees itself: they come and are stored encrypted.
"""

import json
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from rescind import audit, ids, wiring
from rescind.flows.rotate import rotate
from rescind.invocation import invocation
from rescind.keyring import public_key_of
from rescind.rules.jwks import key_id_of
from rescind.rules.key_set import KeyEntry, Purpose


@invocation
def handler(event: Mapping[str, Any]) -> dict[str, Any]:
    """Answers EventBridge's schedule, and CloudFormation's custom resource with what it waits for."""
    try:
        added = {} if event.get("RequestType") == "Delete" else _rotate_all(int(time.time()))
    except Exception as error:
        # Whether CloudFormation hears of it or gives up waiting, the log is to have this failure.
        with suppress(OSError):
            _tell_cloudformation(
                event, "FAILED", f"{type(error).__name__}: see the log of the keys function."
            )
        raise
    _tell_cloudformation(event, "SUCCESS", "The key sets are complete.")
    return added


def _rotate_all(now: int) -> dict[str, int]:
    """How many entries each key set was given."""
    service = wiring.key_service()

    def signing_entry(signs_from: int) -> KeyEntry:
        public, encrypted = service.new_signing_key()
        return KeyEntry(key_id_of(public_key_of(public)), signs_from, encrypted, public)

    def mac_entry(signs_from: int) -> KeyEntry:
        return KeyEntry(ids.new_mac_key_id(), signs_from, service.new_mac_secret())

    added = {}
    for purpose, new_entry in (
        (Purpose.ACCESS_TOKEN, signing_entry),
        (Purpose.REFRESH_TOKEN, mac_entry),
    ):
        added[purpose.value] = rotate(
            purpose,
            key_sets=wiring.key_sets(),
            new_entry=new_entry,
            rotation_days=wiring.settings().key_rotation_days,
            now=now,
        )
        if added[purpose.value]:
            audit.record(audit.Event.KEYS_ADDED)
    return added


def _tell_cloudformation(event: Mapping[str, Any], status: str, reason: str) -> None:
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
