"""Each target under atheris, which coverage guides, in a process of its own and for a bounded time."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS, Target

ROOT = Path(__file__).parent.parent.parent
SECONDS = 90


@pytest.mark.soak
@pytest.mark.parametrize("name", TARGETS)
def test_a_fuzzer_finds_nothing(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    said = []

    for line in fuzzing(name, tmp_path):
        said.append(line)
        # Into the terminal, whatever pytest keeps to itself: a run takes long.
        if "pulse" in line or "DONE" in line:
            with capfd.disabled():
                sys.stderr.write(f"fuzzing {name}: {line}")

    assert any(line.startswith("Done ") for line in said), "".join(said[-40:])


def fuzzing(name: str, folder: Path) -> Iterator[str]:
    """What the fuzzer prints, as it comes; what it finds stays in the folder, and it ends there."""
    corpus = folder / "corpus"
    write_seeds(TARGETS[name], corpus)
    command = [sys.executable, "-m", "tests.fuzz", name, f"-max_total_time={SECONDS}", "-max_len=16384"]
    paths = [str(ROOT), str(ROOT / "tools"), str(ROOT / "layers" / "rescind")]
    process = subprocess.Popen(  # noqa: S603 - our own fuzzer
        [*command, "-timeout=10", f"-artifact_prefix={folder}{os.sep}", str(corpus)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        assert process.stdout
        yield from process.stdout
    finally:
        process.kill()
        process.wait()


def write_seeds(target: Target, corpus: Path) -> None:
    corpus.mkdir()
    for number, seed in enumerate(target.seeds):
        (corpus / str(number)).write_bytes(seed)
