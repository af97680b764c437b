"""Whether the key sets rotate: one key signs, one is published ahead, and neither is too old."""

from collections.abc import Sequence
from typing import Any

from rescind_cli.checks.findings import Finding, fault, ok
from rescind_cli.screen import when

Key = dict[str, Any]
"""As the operation `listKeys` tells of it."""

_DAY_SECONDS = 86_400
# The schedule is daily and may miss a run; the key ahead is there long before it is needed.
_LATE_DAYS = 2
_KNOWN_AFTER_SECONDS = 90
_ROTATE = "rescind keys rotate"


def key_set(purpose: str, keys: Sequence[Key], *, now: int, rotation_days: int) -> Finding:
    """One set. `now` is the clock that the states were computed with."""
    name = f"keys {purpose}"
    of_state = {
        state: [key for key in keys if key["state"] == state] for state in ("signs", "next", "waiting")
    }
    signing, ahead, waiting = of_state["signs"], of_state["next"], of_state["waiting"]

    if not signing and waiting:
        by = when(max(key["added_at"] for key in waiting) + _KNOWN_AFTER_SECONDS)
        return fault(
            name,
            f"none signs until every sandbox knows the next: what needs a key answers 503 until {by}",
            "Wait. If it is past that second, look for Unavailable in the log of the functions.",
        )
    if not signing:
        return fault(name, "none signs: login, refresh and password change answer 503", _ROTATE)
    if len(signing) > 1:
        return fault(
            name,
            f"{len(signing)} sign, which no run makes: {', '.join(key['key_id'] for key in signing)}",
            "Somebody wrote the Keys table. Go by docs/operations.md, A key leaks.",
        )
    if not ahead and not waiting:
        return fault(name, "none is published ahead, so none can take over", _ROTATE)
    overdue = [key for key in ahead if key["signs_from"] <= now]
    if overdue:
        return fault(
            name, f"{overdue[0]['key_id']} should sign since {when(overdue[0]['signs_from'])}", _ROTATE
        )
    return _age(name, signing[0], ahead or waiting, now=now, rotation_days=rotation_days)


def _age(name: str, signing: Key, ahead: Sequence[Key], *, now: int, rotation_days: int) -> Finding:
    # The first key of a set signs from 0; one that took over early has its second still to come.
    began = max(signing["signs_from"], signing["added_at"])
    days = max(0, now - began) / _DAY_SECONDS
    if began and days > rotation_days + _LATE_DAYS:
        return fault(
            name,
            f"{signing['key_id']} has signed for {days:.0f} days, with KeyRotationDays {rotation_days}: "
            "the daily run of the keys function has stopped",
            f"Enable its rule (`aws events list-rule-names-by-target --target-arn <KeysFunction's ARN>`, "
            f"`aws events enable-rule --name <rule>`) and read its log; meanwhile {_ROTATE}",
        )
    following = min(ahead, key=lambda key: key["signs_from"])
    return ok(
        name, f"{signing['key_id']} signs, {following['key_id']} from {when(following['signs_from'])} on"
    )
