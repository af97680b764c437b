"""How much memory each process of a gateway has of its own, as Linux tells it."""

import os
from dataclasses import dataclass
from pathlib import Path

from tests.local.processes import process_tree

_WARM = 0.95

MINISTACK, GATEWAY, FORK_SERVER = "ministack", "gateway", "fork server"


@dataclass(frozen=True)
class Process:
    pid: int
    role: str
    """One of the above, or the function that a sandbox is of."""


def memory_of(gateway_pid: int) -> dict[Process, int]:
    """Anonymous memory in KiB of each process of a gateway, and of the ministack that this process started.

    What is read from files is not in it, and what a sandbox shares with others since its fork counts in full:
    so none seems to grow because another one has ended.
    """
    found = {}
    for pid in process_tree(os.getpid()):
        try:
            role = GATEWAY if pid == gateway_pid else _role(pid)
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
        except OSError:  # ended meanwhile
            continue
        if role:
            [anonymous] = [line for line in lines if line.startswith("Anonymous:")]
            found[Process(pid, role)] = int(anonymous.split()[1])
    return found


def growth_of_the_warm(before: dict[Process, int], after: dict[Process, int]) -> dict[Process, int]:
    """In KiB, of each process that was there both times and had all that its role loads the first time.

    Of each role the largest one had, so what grows with the number of requests is seen there.
    """
    largest = {process.role: 0 for process in before}
    for process, kib in before.items():
        largest[process.role] = max(largest[process.role], kib)
    return {
        process: kib - before[process]
        for process, kib in after.items()
        if process in before and before[process] > _WARM * largest[process.role]
    }


def _role(pid: int) -> str | None:
    command = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
    if "emulator_process" in command:
        return MINISTACK
    if "fork_server" not in command:
        return None
    # A sandbox goes to its function's folder.
    folder = Path(f"/proc/{pid}/cwd").readlink()
    return folder.name if folder.parent.name == "functions" else FORK_SERVER
