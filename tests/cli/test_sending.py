"""Batches are sent in parallel, each row until something is certain of it; and how that ends."""

import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescind_cli.errors import CommandError, Exit, RefusedError
from rescind_cli.importing import sending
from rescind_cli.importing.csv_file import Row
from rescind_cli.importing.journal import Finished, Skipped
from rescind_cli.importing.sending import Ask, Batch, StoppedError, batches_of, send, send_all

CREATED = {"outcome": "created", "user_id": "usr_"}
ALREADY = {"outcome": "already", "user_id": "usr_"}
TAKEN = {"outcome": "skipped", "why": "The username is taken."}
NOT_DONE = {"outcome": "not_done"}
UNAVAILABLE = CommandError("stack prod answers 503", Exit.UNAVAILABLE)


def some_rows(count: int) -> list[Row]:
    return [Row(line, {"username": f"user-{line}"}) for line in range(2, count + 2)]


def answering(*answers: list[dict[str, str]] | CommandError) -> tuple[Ask, list[list[int]]]:
    """Gives one answer after the other, and the lines that it was asked about."""
    asked: list[list[int]] = []

    def ask(rows: Sequence[Row]) -> list[dict[str, str]]:
        answer = answers[len(asked)]
        asked.append([row.line for row in rows])
        if isinstance(answer, CommandError):
            raise answer
        return answer

    return ask, asked


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "_WAITS_SECONDS", (0.0, 0.0))


def send_rows(ask: Ask, count: int) -> Finished:
    return send(Batch(7, some_rows(count)), ask=ask, stopping=threading.Event())


def test_a_batch_is_counted() -> None:
    ask, _ = answering([CREATED, TAKEN, ALREADY, CREATED])

    assert send_rows(ask, 4) == Finished(7, 2, 1, [Skipped(3, "The username is taken.")])


def test_what_is_not_done_is_sent_again_and_nothing_else() -> None:
    ask, asked = answering([CREATED, NOT_DONE, TAKEN, NOT_DONE], [CREATED, NOT_DONE], UNAVAILABLE, [ALREADY])

    assert send_rows(ask, 4) == Finished(7, 2, 1, [Skipped(4, "The username is taken.")])
    assert asked == [[2, 3, 4, 5], [3, 5], [5], [5]]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(UNAVAILABLE, id="503"),
        pytest.param([NOT_DONE], id="nothing-done"),
        pytest.param([], id="no-result"),
        pytest.param([{"outcome": "new"}], id="another-word"),
    ],
)
def test_a_stack_that_does_not_get_on_is_given_up(answer: list[dict[str, str]] | CommandError) -> None:
    ask, asked = answering(*[answer] * 9)

    with pytest.raises(CommandError, match=r"503|does not get on") as gave_up:
        send_rows(ask, 1)

    assert gave_up.value.code is Exit.UNAVAILABLE
    assert len(asked) == 3


def test_a_stack_that_gets_on_is_waited_for_anew() -> None:
    ask, _ = answering(UNAVAILABLE, UNAVAILABLE, [CREATED, NOT_DONE], UNAVAILABLE, UNAVAILABLE, [CREATED])

    assert send_rows(ask, 2) == Finished(7, created=2)


def test_what_cannot_pass_is_not_tried_again() -> None:
    refused = RefusedError("users has more than 100 members.", status=400, error="invalid_request")
    ask, asked = answering(refused)

    with pytest.raises(RefusedError):
        send_rows(ask, 1)

    assert len(asked) == 1


def test_who_is_to_stop_sends_nothing_more() -> None:
    stopping = threading.Event()

    def ask(_: Sequence[Row]) -> list[dict[str, str]]:
        stopping.set()
        raise UNAVAILABLE

    with pytest.raises(StoppedError):
        send(Batch(0, some_rows(1)), ask=ask, stopping=stopping)


def create(rows: Sequence[Row]) -> list[dict[str, str]]:
    return [CREATED for _ in rows]


def run(ask: Ask, *, rows: int, parallel: int = 4, **more: Any) -> list[Finished]:
    done: list[Finished] = []
    send_all(
        batches_of(some_rows(rows), 5),
        ask=ask,
        parallel=parallel,
        **{"stopping": threading.Event(), "finished": done.append, **more},
    )
    return done


@pytest.mark.parametrize("parallel", [1, 4])
def test_every_batch_is_sent_once_and_no_more_at_once_than_asked_for(parallel: int) -> None:
    lines: list[int] = []
    at_once: set[int] = set()
    most = 0

    def ask(rows: Sequence[Row]) -> list[dict[str, str]]:
        nonlocal most
        at_once.add(rows[0].line)
        most = max(most, len(at_once))
        time.sleep(0.002)
        lines.extend(row.line for row in rows)
        at_once.remove(rows[0].line)
        return create(rows)

    done = run(ask, rows=98, parallel=parallel)

    assert sorted(lines) == list(range(2, 100))
    assert sorted(batch.batch for batch in done) == list(range(20))
    assert most == parallel


def test_a_failure_ends_all_and_what_was_on_its_way_counts() -> None:
    def ask(rows: Sequence[Row]) -> list[dict[str, str]]:
        if rows[0].line == 22:
            raise CommandError("These credentials may not do that.", Exit.NO_ACCESS)
        time.sleep(0.005)
        return create(rows)

    done: list[Finished] = []
    with pytest.raises(CommandError, match="may not"):
        run(ask, rows=5000, finished=done.append)

    assert {0, 1, 2, 3} <= {batch.batch for batch in done}
    assert len(done) < 20


def test_when_it_is_stopped_it_ends_and_says_what_is_done() -> None:
    stopping = threading.Event()
    lines: list[int] = []
    done: list[Finished] = []

    def ask(rows: Sequence[Row]) -> list[dict[str, str]]:
        if rows[0].line == 52:
            stopping.set()
        lines.extend(row.line for row in rows)
        return create(rows)

    run(ask, rows=5000, stopping=stopping, finished=done.append)

    assert sum(batch.rows for batch in done) == len(lines)
    assert 50 < len(lines) < 200


@given(count=st.integers(0, 60), size=st.integers(1, 20))
def test_batches_are_the_rows_in_order_and_the_same_each_time(count: int, size: int) -> None:
    rows = some_rows(count)

    batches = list(batches_of(rows, size))

    assert [row for batch in batches for row in batch.rows] == rows
    assert [batch.number for batch in batches] == list(range(len(batches)))
    assert all(len(batch.rows) == size for batch in batches[:-1])
    assert list(batches_of(rows, size)) == batches
