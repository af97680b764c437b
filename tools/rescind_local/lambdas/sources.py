"""Tells whether the files of some folders have changed, by their times and sizes."""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

_LOOK_AGAIN_AFTER_SECONDS = 0.5

Version = frozenset[tuple[str, int, int]]


class Sources:
    """The files of a function: its own folder and its layers'."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._looked_at = float("-inf")
        self._version: Version = frozenset()

    def version(self) -> Version:
        """Equal as long as nothing has changed; at most half a second old."""
        if time.monotonic() - self._looked_at >= _LOOK_AGAIN_AFTER_SECONDS:
            self._version = frozenset(entry for folder in self._folders for entry in _entries(folder))
            self._looked_at = time.monotonic()
        return self._version


def _entries(folder: Path) -> Iterator[tuple[str, int, int]]:
    for where, subfolders, files in os.walk(folder):
        subfolders[:] = [name for name in subfolders if name != "__pycache__"]
        for name in files:
            path = Path(where) / name
            try:
                state = path.stat()
            except OSError:  # gone between the two looks, as an editor's temporary file is
                continue
            yield str(path), state.st_mtime_ns, state.st_size
