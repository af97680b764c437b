"""Revokes every key that may have signed a token that is still good; keys published ahead stay."""

import time
from typing import Any

from rescind_cli.errors import CommandError, Exit
from rescind_cli.stack import Stack

# Those of refresh tokens first: fewer old ones are traded for access tokens of a new key.
_KINDS = ("refresh-token", "access-token")
_MAY_HAVE_SIGNED = {"signs", "verifies", "waiting"}
_WAITS_SECONDS = (1.0, 2.0, 4.0)


def revoke_what_signed(stack: Stack) -> dict[str, Any]:
    """What was revoked, by kind; and the latest of the times from when that holds.

    Raises:
        CommandError: some keys could not be revoked; the message names them. All others are.
    """
    listed = stack.ask("listKeys")["keys"]
    revoked: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    left: dict[str, CommandError] = {}
    effective_by = latest_effective_by = 0
    for kind in _KINDS:
        for key_id in [key["key_id"] for key in listed[kind] if key["state"] in _MAY_HAVE_SIGNED]:
            try:
                answer = _revoke(stack, key_id)
            except CommandError as error:
                left[key_id] = error
                continue
            revoked[kind].append(key_id)
            effective_by = max(effective_by, answer["effective_by"])
            latest_effective_by = max(latest_effective_by, answer["latest_effective_by"])
    if left:
        [first, *_] = left.values()
        # Not the same command again: that would revoke the keys that have taken over, too.
        words = " and ".join(f"`rescind keys revoke {key_id}`" for key_id in left)
        raise CommandError(f"{first.message} Some keys are still good.", first.code, f"Go on with {words}.")
    return {
        "revoked": revoked,
        "effective_by": effective_by,
        "latest_effective_by": latest_effective_by,
    }


def _revoke(stack: Stack, key_id: str) -> dict[str, Any]:
    """To revoke a key twice is no error, so a failure is repeated."""
    for wait in _WAITS_SECONDS:
        try:
            return stack.change_keys(revoke=key_id)
        except CommandError as error:
            if error.code is not Exit.UNAVAILABLE:
                raise
            time.sleep(wait)
    return stack.change_keys(revoke=key_id)
