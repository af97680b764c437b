"""`rescind users import`: the users of another system, from a file, with the hashes that it made."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from rescind_cli.errors import CommandError, Exit
from rescind_cli.importing.csv_file import Checked, CsvError, Row, check, rows_of
from rescind_cli.importing.journal import Finished, Import, Journal
from rescind_cli.importing.progress import progress
from rescind_cli.importing.sending import batches_of, send_all
from rescind_cli.operators import Operator, operator_of
from rescind_cli.screen import Screen

_NAMED = 20


def import_users(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, readable=True, help="CSV with a header: docs/importing.md."
        ),
    ],
    parallel: Annotated[int, typer.Option(min=1, max=32, help="How many batches at once.")] = 8,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Import users with the password hashes of another system. The same command goes on where it stopped."""
    operator = operator_of(context)
    with file.open("rb") as lines:
        checked = _checked(lines, file)
        stack = operator.stack
        of = Import(checked.sha256, f"{stack.name} ({stack.api_url})", checked.rows)
        with closing(Journal.open(file.with_name(f"{file.name}.import.jsonl"), of)) as journal:
            before = journal.rows
            if not yes and before < of.rows:
                _confirm(file, journal)
            began = time.monotonic()
            _import(lines, journal, operator, file=file, parallel=parallel)
            seconds = time.monotonic() - began
    _report(operator.screen, journal, file, rows=journal.rows - before, seconds=seconds)
    if journal.skipped:
        raise typer.Exit(Exit.FOUND)


def _checked(lines: BinaryIO, file: Path) -> Checked:
    try:
        checked = check(lines)
    except CsvError as error:
        raise CommandError(f"{file}: {error}", Exit.REFUSED) from error
    if not checked.rows:
        raise CommandError(f"{file} has a header and no users.", Exit.REFUSED)
    return checked


def _confirm(file: Path, journal: Journal) -> None:
    done = f", of whom {journal.rows:,} are done" if journal.rows else ""
    typer.confirm(
        f"{file} has {journal.of.rows:,} users{done}. Import them into {journal.of.stack}?",
        abort=True,
        err=True,
    )


def _import(lines: BinaryIO, journal: Journal, operator: Operator, *, file: Path, parallel: int) -> None:
    def ask(rows: Sequence[Row]) -> list[dict[str, str]]:
        # Who sends waits and repeats by itself, and ends that when it is to stop.
        answer = operator.ask("importUsers", repeat=False, users=[row.user for row in rows])
        return list(answer["results"])

    def finished(batch: Finished) -> None:
        journal.add(batch)
        advance(batch.rows)

    lines.seek(0)
    batches = batches_of(rows_of(lines), journal.of.batch_rows)
    left = (batch for batch in batches if batch.number not in journal.batches)
    stopping = threading.Event()
    with (
        _set_by_ctrl_c(stopping),
        progress(operator.screen, total=journal.of.rows, done=journal.rows) as advance,
    ):
        try:
            send_all(left, ask=ask, parallel=parallel, stopping=stopping, finished=finished)
        except CommandError:
            _tell_how_to_go_on(operator.screen, journal, file)
            raise
    if journal.rows < journal.of.rows:
        _tell_how_to_go_on(operator.screen, journal, file)
        raise typer.Exit(Exit.INTERRUPTED)


def _tell_how_to_go_on(screen: Screen, journal: Journal, file: Path) -> None:
    screen.note(
        f"Stopped: {journal.rows:,} of {journal.of.rows:,} rows are done. The same command goes on from "
        f"there; leave {file} as it is, and {journal.path} where it is."
    )


@contextmanager
def _set_by_ctrl_c(stopping: threading.Event) -> Iterator[None]:
    """In place of an exception, which could come between a batch's answer and its line in the journal."""

    def stop(*_: object) -> None:
        stopping.set()
        signal.signal(signal.SIGINT, before)  # A second one does not wait for what is on its way.

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _report(screen: Screen, journal: Journal, file: Path, *, rows: int, seconds: float) -> None:
    skipped = sorted(journal.skipped, key=lambda each: each.line)
    screen.result(
        {
            "file": str(file),
            "stack": journal.of.stack,
            "journal": str(journal.path),
            "rows": journal.rows,
            "created": journal.created,
            "already": journal.already,
            "skipped": [asdict(each) for each in skipped],
            "rows_now": rows,
            "seconds": round(seconds, 1),
        },
        f"{journal.created:,} created, {journal.already:,} already there, {len(skipped):,} skipped.",
        *(f"{count:>7,}  {why}" for why, count in Counter(each.why for each in skipped).most_common()),
        *(f"line {each.line}: {each.why}" for each in skipped[:_NAMED]),
        *([f"All of them are in {journal.path}."] if len(skipped) > _NAMED else []),
    )
    if rows:
        screen.note(
            f"{rows:,} rows took {seconds:,.1f} s, {rows / seconds:,.0f} a second. The users log in with the "
            f"passwords that they had. When you need {file} no more, delete it: it has their hashes."
        )
    else:
        screen.note(
            f"There was nothing left to do. To import {file} again, move {journal.path} away, "
            "and give the command again."
        )
