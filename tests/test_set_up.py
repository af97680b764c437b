"""What a newcomer is told when the environment cannot be made, and when it is made anew."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import set_up

SCRIPT = Path(set_up.__file__)
REQUIREMENTS = "requirements.txt"
main: Any = set_up.main  # it has no types, so that any Python can read it
# An old Python in all that the script looks at.
AS_PYTHON_3_8 = f"""
import runpy, sys
sys.version_info = (3, 8, 0, "final", 0)
sys.argv = [{str(SCRIPT)!r}, "folder", {REQUIREMENTS!r}]
runpy.run_path({str(SCRIPT)!r}, run_name="__main__")
"""


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own script
        [sys.executable, *arguments],
        env={**os.environ, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("missing", ["ensurepip", "venv"])
def test_a_python_without_venv_is_told_what_to_install(tmp_path: Path, missing: str) -> None:
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / f"{missing}.py").write_text("raise ImportError\n", encoding="utf-8")

    told = run(tmp_path, str(SCRIPT), "folder", REQUIREMENTS, PYTHONPATH=str(modules))

    assert (told.returncode, told.stdout) == (1, "")
    [line] = told.stderr.splitlines()
    assert line.startswith("This Python has no venv. On Debian and Ubuntu: apt-get install python3-venv.")


def test_a_python_that_is_too_old_is_told_which_is_needed(tmp_path: Path) -> None:
    told = run(tmp_path, "-c", AS_PYTHON_3_8, PATH=str(tmp_path))

    assert (told.returncode, told.stdout) == (1, "")
    [line] = told.stderr.splitlines()
    assert line.startswith("Rescind needs Python 3.11 or newer, and this is 3.8.")


def test_a_python_that_is_too_old_hands_over_to_a_newer_one(tmp_path: Path) -> None:
    executable(tmp_path / "python3.12", 'test "$1" = -c || echo "newer: $@"')

    told = run(tmp_path, "-c", AS_PYTHON_3_8, PATH=str(tmp_path))

    assert (told.returncode, told.stdout) == (0, f"newer: {SCRIPT} folder {REQUIREMENTS}\n")


def executable(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)


class Runs:
    """Stands in for `subprocess.run`: writes down each command and lets it end as told."""

    def __init__(self, *, status: int = 0) -> None:
        self.status = status
        self.commands: list[list[str]] = []

    def __call__(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        self.commands.append(command)
        return subprocess.CompletedProcess(command, self.status, b"what pip said\n")


def made_anew(folder: Path) -> list[str]:
    return [sys.executable, "-m", "venv", "--clear", str(folder)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "environment"
    folder.mkdir()
    return folder


def test_an_environment_that_is_whole_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(folder / "bin" / "python", "exit 0")
    monkeypatch.setattr(subprocess, "run", runs := Runs())

    main(str(folder), REQUIREMENTS)

    [install] = runs.commands
    assert install[:4] == [str(folder / "bin" / "python"), "-m", "pip", "install"]
    assert install[-3:] == ["--require-hashes", "-r", REQUIREMENTS]
    assert (folder / f"{REQUIREMENTS}.ok").exists()


def test_an_environment_that_is_half_made_is_made_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(folder / "bin" / "python", "echo No module named pip >&2; exit 1")
    monkeypatch.setattr(subprocess, "run", runs := Runs())

    main(str(folder), REQUIREMENTS)

    assert runs.commands[0] == made_anew(folder)
    assert "pip" in runs.commands[1]


def test_what_could_not_be_made_is_not_taken_for_made(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(subprocess, "run", runs := Runs(status=1))

    with pytest.raises(SystemExit, match=r"^The environment could not be made\."):
        main(str(folder), REQUIREMENTS)

    assert runs.commands == [made_anew(folder)]
    assert capsys.readouterr().err == "what pip said\n"
    assert not (folder / f"{REQUIREMENTS}.ok").exists()


def test_what_could_not_be_installed_is_not_taken_for_installed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(folder / "bin" / "python", "exit 0")
    monkeypatch.setattr(subprocess, "run", Runs(status=1))

    with pytest.raises(SystemExit, match=rf"^{REQUIREMENTS} could not be installed\."):
        main(str(folder), REQUIREMENTS)

    assert not (folder / f"{REQUIREMENTS}.ok").exists()
