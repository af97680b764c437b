"""One deployment for all cells of a module; and what all cells came to, once they have run."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.cells import Told, all_cells
from tests.faults.deployment import running_world
from tests.faults.page import PAGE, page_of
from tests.faults.world import World


@pytest.fixture(scope="module")
def world(ministack: str) -> Iterator[World]:
    with running_world(ministack) as world:
        yield world


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # The one who hears from all.
        config.pluginmanager.register(_Results(), "faults")


class _Results:
    def __init__(self) -> None:
        self._told: dict[str, Told] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        recorded: list[tuple[str, Any]] = report.user_properties
        for name, value in recorded:
            if name == "cell" and report.when == "call" and report.passed:
                self._told.update({value[0]: Told[value[1]]})

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._told:
            counts = ", ".join(f"{[*self._told.values()].count(each)} {each.value}" for each in Told)
            terminalreporter.write_line(f"Faults: {len(self._told)} cells, each as it should be: {counts}.")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if len(self._told) < len(list(all_cells())):
            return
        page = page_of(self._told)
        if os.environ.get("FAULTS_PAGE") == "write":
            PAGE.write_text(page, encoding="utf-8")
        elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            print(f"{PAGE.name} says something else than what has come of it: FAULTS_PAGE=write make proof")  # noqa: T201 - who runs it is told the cure
