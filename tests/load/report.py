"""The table of a load: what was asked and answered, what went wrong, and how much memory was taken."""

from collections import Counter
from collections.abc import Iterator

from tests.load.load import Load
from tests.load.memory import growth_of_the_warm
from tests.load.model import Finding


def table(load: Load) -> str:
    return "\n".join(_rows(load))


def _rows(load: Load) -> Iterator[str]:
    tally = load.tally
    yield _row("requests", tally.requests, f"{tally.requests / load.seconds:.0f} a second")
    by_name: dict[str, Counter[int]] = {}
    for (name, status), many in tally.answers.items():
        by_name.setdefault(name, Counter())[status] += many
    for name, statuses in sorted(by_name.items()):
        answers = ", ".join(f"{status}: {many}" for status, many in sorted(statuses.items()))
        yield _row(f"  {name}", statuses.total(), answers)
    faults = load.weather.faults
    yield _row("faults", faults.total(), ", ".join(f"{name}: {many}" for name, many in faults.most_common()))
    yield _row("late", tally.late, "unavailable without a fault, after a deadline: the machine is slow")
    yield _row("wrong answers", tally.many(Finding.WRONG))
    yield _row("lost revocations", tally.many(Finding.LOST))
    yield _row("memory, KiB", "warm", f"{'half-way':>12}{'at the end':>12}{'one grew by':>14}")
    grown = growth_of_the_warm(load.half, load.end)
    for role in sorted({process.role for process in grown}):
        those = {process: kib for process, kib in grown.items() if process.role == role}
        before = sum(load.half[process] for process in those)
        after = sum(load.end[process] for process in those)
        yield _row(f"  {role}", len(those), f"{before:>12,}{after:>12,}{max(those.values()):>14,}")


def _row(name: str, value: object, about: str = "") -> str:
    return f"{name:<28}{value:>10}   {about}".rstrip()
