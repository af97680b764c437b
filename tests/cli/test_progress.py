"""How far an import is: a bar on a terminal, a line every few seconds elsewhere."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from rescind_cli.importing.progress import progress
from rescind_cli.screen import Screen


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    shown = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(
        "rescind_cli.importing.progress.time", SimpleNamespace(monotonic=lambda: shown.seconds)
    )
    return shown


def a_screen(*, terminal: bool) -> tuple[Screen, io.StringIO]:
    screen, text = Screen(as_json=False), io.StringIO()
    screen.err = Console(file=text, force_terminal=terminal, width=100, highlight=False)
    return screen, text


def test_elsewhere_there_is_a_line_every_few_seconds(clock: SimpleNamespace) -> None:
    screen, text = a_screen(terminal=False)

    with progress(screen, total=10_000, done=5_000) as advance:
        for second in range(1, 12):
            clock.seconds = second
            advance(100)

    assert text.getvalue().splitlines() == [
        "5,500 of 10,000 rows, 100 a second, 45 s left",
        "6,000 of 10,000 rows, 100 a second, 40 s left",
    ]


def test_on_a_terminal_there_is_a_bar_with_the_rate() -> None:
    screen, text = a_screen(terminal=True)

    with progress(screen, total=10_000, done=5_000) as advance:
        advance(2_500)
        advance(2_500)

    assert "10000/10000" in text.getvalue()
    assert "a second" in text.getvalue()
