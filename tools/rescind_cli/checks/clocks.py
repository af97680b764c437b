"""Whether the functions' clock is right: the rules count on 5 s (docs/rules.md, "What can be assumed")."""

from rescind_cli.checks.findings import Finding, fault, ok

_TOLERATED_MS = 5_000
_NAME = "clock"


def clock(now_ms: int, *, asked_at_ms: int, answered_at_ms: int, aws_date: int | None) -> Finding:
    """Compare the function's clock with this machine's; AWS's own says which of the two is off.

    Args:
        now_ms: what the function read, at some moment between the question and the answer.
        asked_at_ms: this machine's clock before the question.
        answered_at_ms: the same after the answer.
        aws_date: the `Date` of the answer, in whole seconds, where there is one.
    """
    off_ms = _beyond(now_ms, asked_at_ms, answered_at_ms)
    if abs(off_ms) <= _TOLERATED_MS:
        agree = f"are {abs(off_ms) / 1000:.1f} s apart" if off_ms else "agree"
        return ok(_NAME, f"the functions' clock and this machine's {agree}")
    side = "ahead of" if off_ms > 0 else "behind"
    said = f"the functions' clock is {abs(off_ms) / 1000:.0f} s {side} this machine's"
    if aws_date is None:
        return fault(
            _NAME, said, "Compare both with a third clock; the one of this machine is easier to set."
        )
    if _beyond(aws_date * 1000, asked_at_ms - _TOLERATED_MS - 1000, answered_at_ms + _TOLERATED_MS):
        return fault(
            _NAME,
            f"{said}; AWS's own says that it is this machine's that is wrong",
            "Set this machine's clock, such as by `timedatectl set-ntp true`.",
        )
    return fault(
        _NAME,
        f"{said}; AWS's own says that it is the function's that is wrong",
        "Give the command again: another sandbox may be right. If it stays so, deploy with a changed "
        "parameter, so that all sandboxes are new, and tell AWS.",
    )


def _beyond(moment: int, earliest: int, latest: int) -> int:
    """How far it is outside; 0 inside."""
    return min(moment - earliest, 0) + max(moment - latest, 0)
