"""Sends batches of users in parallel, each until all its rows are created, already there or skipped."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from rescind_cli.errors import AGAIN, CommandError, Exit
from rescind_cli.importing.csv_file import Row
from rescind_cli.importing.journal import Finished, Skipped

# A stack that recovers within half a minute is waited for. New tables and accounts have low limits at first.
_WAITS_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)
_LOOK_SECONDS = 0.2

Ask = Callable[[Sequence[Row]], list[dict[str, str]]]
"""Imports these users; a result for each, in order. Raises CommandError."""


@dataclass(frozen=True, slots=True)
class Batch:
    number: int
    rows: list[Row] = field(repr=False)


class StoppedError(Exception):
    """Nothing more is to be sent."""


def batches_of(rows: Iterable[Row], size: int) -> Iterator[Batch]:
    """Always the same for the same file, so that a number says which."""
    left = iter(rows)
    number = 0
    while batch := list(islice(left, size)):
        yield Batch(number, batch)
        number += 1


def send_all(
    batches: Iterable[Batch],
    *,
    ask: Ask,
    parallel: int,
    stopping: threading.Event,
    finished: Callable[[Finished], None],
) -> None:
    """Send the batches until there are no more, one has failed for good, or `stopping` is set.

    Args:
        batches: to send.
        ask: sends one, from several threads at once.
        parallel: how many at once.
        stopping: set by whoever wants an end; what is on its way is waited for.
        finished: told of each batch that is done, in this thread.

    Raises:
        CommandError: a batch could not be sent; those that were on their way have ended.
    """
    left = iter(batches)
    running: set[Future[Finished]] = set()
    failure: CommandError | None = None
    with ThreadPoolExecutor(parallel) as pool:
        while True:
            if not stopping.is_set():
                for batch in islice(left, 2 * parallel - len(running)):
                    running.add(pool.submit(send, batch, ask=ask, stopping=stopping))
            if not running:
                break
            done, running = wait(running, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                try:
                    finished(future.result())
                except StoppedError:
                    pass
                except CommandError as error:
                    failure = failure or error
                    stopping.set()
    if failure:
        raise failure


def send(batch: Batch, *, ask: Ask, stopping: threading.Event) -> Finished:
    """Send one batch, and again what of it is not done.

    Raises:
        StoppedError: nothing of it was sent, or it was waiting to be sent again.
        CommandError: it could not be sent.
    """
    created, already, skipped = 0, 0, list[Skipped]()
    rows, waits = batch.rows, iter(_WAITS_SECONDS)
    while rows:
        if stopping.is_set():
            raise StoppedError
        results, failure = _results(rows, ask)
        left = []
        for row, result in zip(rows, results, strict=True):
            match result:
                case {"outcome": "created"}:
                    created += 1
                case {"outcome": "already"}:
                    already += 1
                case {"outcome": "skipped", "why": why}:
                    skipped.append(Skipped(row.line, why))
                case _:
                    left.append(row)
        if len(left) < len(rows):
            waits = iter(_WAITS_SECONDS)
        else:
            seconds = next(waits, None)
            if seconds is None:
                raise failure
            stopping.wait(seconds)
        rows = left
    return Finished(batch.number, created, already, skipped)


def _results(rows: Sequence[Row], ask: Ask) -> tuple[list[dict[str, Any]], CommandError]:
    """What became of them; and, where nothing did, why. Only what may pass is waited for."""
    nothing: list[dict[str, Any]] = [{} for _ in rows]
    try:
        results = ask(rows)
    except CommandError as error:
        if error.code is not Exit.UNAVAILABLE:
            raise
        return nothing, error
    failure = CommandError("The stack does not get on with it.", Exit.UNAVAILABLE, AGAIN)
    return results if len(results) == len(rows) else nothing, failure
