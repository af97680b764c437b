"""The journal of an import: what is in it is done, whatever happened to who wrote it."""

import json
import os
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from rescind_cli.errors import CommandError, Exit
from rescind_cli.importing.journal import Finished, Import, Journal, Skipped

IMPORT = Import(sha256="5a", stack="stack prod (https://api.example)", rows=60)
TAKEN = Skipped(7, "The username is taken.")
BATCHES = [Finished(0, created=24, skipped=[TAKEN]), Finished(2, created=4, already=6)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "users.csv.import.jsonl"


@pytest.fixture
def written(path: Path) -> Path:
    with closing(Journal.open(path, IMPORT)) as journal:
        for batch in BATCHES:
            journal.add(batch)
    return path


def refusal(path: Path, of: Import = IMPORT) -> str:
    with pytest.raises(CommandError) as refused:
        Journal.open(path, of)
    assert refused.value.code is Exit.REFUSED
    return str(refused.value)


def test_what_was_done_is_known_again(written: Path) -> None:
    with closing(Journal.open(written, IMPORT)) as journal:
        assert (journal.created, journal.already, journal.skipped) == (28, 6, [TAKEN])
        assert (journal.rows, journal.batches) == (35, {0, 2})


def test_it_is_one_document_a_line_for_its_owner_alone(written: Path) -> None:
    documents = [json.loads(line) for line in written.read_text().splitlines()]

    assert documents == [
        {"sha256": "5a", "stack": IMPORT.stack, "rows": 60, "batch_rows": 25},
        {"batch": 0, "created": 24, "already": 0, "skipped": [{"line": 7, "why": TAKEN.why}]},
        {"batch": 2, "created": 4, "already": 6, "skipped": []},
    ]
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_a_batch_is_on_the_disk_before_the_next_is_thought_of(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bytes] = []
    fsync = os.fsync

    def record(descriptor: int) -> None:
        fsync(descriptor)
        synced.append(path.read_bytes())

    monkeypatch.setattr(os, "fsync", record)
    with closing(Journal.open(path, IMPORT)) as journal:
        journal.add(BATCHES[0])

        assert synced[-1] == path.read_bytes()
        assert b'"batch": 0' in synced[-1]


def test_wherever_it_was_cut_off_whole_lines_count_and_it_goes_on(written: Path) -> None:
    whole = written.read_bytes()
    ends = [position for position, byte in enumerate(whole) if byte == ord("\n")]
    for length in sorted({*range(0, len(whole), 7), *(end + step for end in ends for step in (0, 1))}):
        written.write_bytes(whole[:length])
        lines = sum(end < length for end in ends)

        with closing(Journal.open(written, IMPORT)) as journal:
            assert journal.batches == {batch.batch for batch in BATCHES[: max(0, lines - 1)]}
            journal.add(Finished(9, created=1))

        with closing(Journal.open(written, IMPORT)) as journal:
            assert 9 in journal.batches


def test_the_journal_of_another_import_is_refused_with_the_cure(written: Path) -> None:
    before = written.read_bytes()

    of_content = refusal(written, replace(IMPORT, sha256="6b"))
    of_stack = refusal(written, replace(IMPORT, stack="stack test"))

    assert "is the journal of an import of other content of the file. Move it away" in of_content
    assert f"is the journal of an import into another stack, {IMPORT.stack}. Move it away" in of_stack
    assert written.read_bytes() == before


def test_batches_are_those_of_the_one_who_began(path: Path) -> None:
    with closing(Journal.open(path, replace(IMPORT, batch_rows=10))) as journal:
        journal.add(BATCHES[0])

    with closing(Journal.open(path, IMPORT)) as journal:
        assert journal.of.batch_rows == 10


@pytest.mark.parametrize("damage", [b"{\n", b"[]\n", b"{}\n", b'"x"\n', b"\xff\n"])
@pytest.mark.parametrize("line", [0, 1])
def test_a_damaged_line_is_named(written: Path, damage: bytes, line: int) -> None:
    lines = written.read_bytes().splitlines(keepends=True)
    written.write_bytes(b"".join([*lines[:line], damage, *lines[line + 1 :]]))

    assert refusal(written).startswith(f"Line {line + 1} of {written} cannot be read. Move it away")


def test_one_import_at_a_time_writes_it(written: Path) -> None:
    with closing(Journal.open(written, IMPORT)):
        assert refusal(written).startswith("Another import writes")

    Journal.open(written, IMPORT).close()


def test_where_nothing_was_done_there_is_none(path: Path) -> None:
    Journal.open(path, IMPORT).close()

    assert not path.exists()


def test_a_link_of_its_name_is_not_followed(path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("")
    path.symlink_to(tmp_path / "elsewhere")

    assert "cannot be written" in refusal(path)


def test_a_full_disk_is_said_in_one_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with closing(Journal.open(path, IMPORT)) as journal:
        monkeypatch.setattr(os, "write", full)
        with pytest.raises(CommandError, match=r"cannot be written \(No space left on device\)"):
            journal.add(BATCHES[0])
        assert journal.rows == 0
