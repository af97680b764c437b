"""What Linux tells about processes and their listening sockets."""

import ipaddress
import struct
from collections.abc import Iterable
from pathlib import Path

_LISTENING = "0A"


def process_tree(pid: int) -> set[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            children.setdefault(_parent(folder), []).append(int(folder.name))
    tree, new = set(), [pid]
    while new:
        tree.update(new)
        new = [child for parent in new for child in children.get(parent, [])]
    return tree


def is_alive(pid: int) -> bool:
    """False for a process that has ended and that nobody has waited for, too."""
    try:
        return _stat(Path(f"/proc/{pid}"))[0] != "Z"
    except OSError:
        return False


def listening_addresses(pids: Iterable[int]) -> set[tuple[str, int]]:
    """Addresses and ports of every TCP socket that one of the processes listens on."""
    sockets = {
        str(descriptor.readlink())
        for pid in pids
        for descriptor in Path(f"/proc/{pid}/fd").iterdir()
        if descriptor.is_symlink()
    }
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        path = Path(table)
        for line in path.read_text().splitlines()[1:] if path.exists() else []:
            fields = line.split()
            if fields[3] == _LISTENING and f"socket:[{fields[9]}]" in sockets:
                address, port = fields[1].split(":")
                found.add((_address(address), int(port, 16)))
    return found


def _address(text: str) -> str:
    # Words of four bytes, each in the machine's own order.
    words = [int(text[start : start + 8], 16) for start in range(0, len(text), 8)]
    return str(ipaddress.ip_address(struct.pack(f"={len(words)}I", *words)))


def _parent(folder: Path) -> int:
    try:
        return int(_stat(folder)[1])
    except OSError:  # ended meanwhile
        return 0


def _stat(folder: Path) -> list[str]:
    """State, parent and so on: what follows the name in its parentheses."""
    return (folder / "stat").read_text().rpartition(")")[2].split()
