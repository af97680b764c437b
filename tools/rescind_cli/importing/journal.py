"""The journal of an import, beside its file: which batches are done, so that the same command goes on there.

Its first line names the file's content and the stack; each line after it is a finished batch. It holds line
numbers and reasons, no username and no hash.
"""

import fcntl
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from rescind_cli.errors import CommandError, Exit

BATCH_ROWS = 25


@dataclass(frozen=True, slots=True)
class Skipped:
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A batch, by its number in the file, counted from 0."""

    batch: int
    created: int = 0
    already: int = 0
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.created + self.already + len(self.skipped)


@dataclass(frozen=True, slots=True)
class Import:
    """What the first line says: another import has another journal."""

    sha256: str
    stack: str
    rows: int
    batch_rows: int = BATCH_ROWS


@dataclass
class Journal:
    path: Path
    of: Import
    created: int = 0
    already: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    batches: set[int] = field(default_factory=set)
    _descriptor: int = -1

    @property
    def rows(self) -> int:
        """How many are done."""
        return self.created + self.already + len(self.skipped)

    @classmethod
    def open(cls, path: Path, of: Import) -> Self:
        """The journal of this import, begun or gone on with; nobody else writes it until it is closed.

        Raises:
            CommandError: it is another import's, damaged, in use, or cannot be written.
        """
        journal = cls(path, of)
        try:
            journal._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise journal._unwritable(error) from error
        try:
            journal._go_on()
        except BaseException:
            os.close(journal._descriptor)
            raise
        return journal

    def add(self, finished: Finished) -> None:
        """Remember a batch; it is on the disk when this returns.

        Raises:
            CommandError: it cannot be written. The batch will be sent again, which does no harm.
        """
        try:
            if not os.fstat(self._descriptor).st_size:
                self._write(asdict(self.of))
            self._write(asdict(finished))
        except OSError as error:
            raise self._unwritable(error) from error
        self._count(finished)

    def close(self) -> None:
        if os.fstat(self._descriptor).st_size == 0:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def _go_on(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CommandError(
                f"Another import writes {self.path} at this moment. Wait for its end.", Exit.REFUSED
            ) from error
        whole = 0
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            for number, line in enumerate(file):
                if not line.endswith(b"\n"):
                    break  # The machine stopped while it was written.
                self._take(line, number)
                whole += len(line)
        os.ftruncate(self._descriptor, whole)

    def _take(self, line: bytes, number: int) -> None:
        try:
            said = json.loads(line)
            if number == 0:
                self._take_first(Import(**said))
            else:
                skipped = [Skipped(**each) for each in said.pop("skipped")]
                self._count(Finished(**said, skipped=skipped))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CommandError(
                f"Line {number + 1} of {self.path} cannot be read. Move it away, and give the command again: "
                "who has been imported is found already there.",
                Exit.REFUSED,
            ) from error

    def _take_first(self, said: Import) -> None:
        if said.sha256 != self.of.sha256:
            other = "of other content of the file"
        elif said.stack != self.of.stack:
            other = f"into another stack, {said.stack}"
        else:
            self.of = said
            return
        raise CommandError(
            f"{self.path} is the journal of an import {other}. Move it away, and give the command again.",
            Exit.REFUSED,
        )

    def _count(self, finished: Finished) -> None:
        self.batches.add(finished.batch)
        self.created += finished.created
        self.already += finished.already
        self.skipped += finished.skipped

    def _write(self, document: dict[str, Any]) -> None:
        os.write(self._descriptor, json.dumps(document).encode() + b"\n")
        os.fsync(self._descriptor)

    def _unwritable(self, error: OSError) -> CommandError:
        return CommandError(
            f"{self.path} cannot be written ({error.strerror}). Put the file into a folder where it can.",
            Exit.REFUSED,
        )
