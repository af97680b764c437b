"""A program of ours that is spoken to line by line, and ends when its stdin does."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.places import ROOT

_PATIENCE_SECONDS = 10


class Spoken:
    def __init__(self, process: subprocess.Popen[str], name: str) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("a process without pipes")
        self._in, self._out, self._name = process.stdin, process.stdout, name

    def tell(self, line: str) -> None:
        self._in.write(line + "\n")
        self._in.flush()

    def ask(self, line: str) -> str:
        """The line that it answers."""
        self.tell(line)
        answer = self._out.readline()
        if not answer:
            raise RuntimeError(f"{self._name} has ended; what it said of that is above")
        return answer

    def close(self) -> None:
        self._in.close()


@contextmanager
def running(
    name: str, command: Sequence[str | Path], environment: Mapping[str, str] | None = None
) -> Iterator[Spoken]:
    with subprocess.Popen(  # noqa: S603 - our own programs
        command,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        spoken = Spoken(process, name)
        try:
            yield spoken
        finally:
            spoken.close()
            try:
                process.wait(_PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
