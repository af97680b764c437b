"""Each target under atheris, which coverage guides, in a process of its own and for a bounded time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parent.parent.parent
SECONDS = 90


@pytest.mark.soak
@pytest.mark.parametrize("name", TARGETS)
def test_a_fuzzer_finds_nothing(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(TARGETS[name].seeds):
        (corpus / str(number)).write_bytes(seed)

    said = []
    with fuzzer(name, corpus) as process:
        for line in process.stdout or ():
            said.append(line)
            # Into the terminal, whatever pytest keeps to itself: a run takes long.
            if "pulse" in line or "DONE" in line:
                with capfd.disabled():
                    sys.stderr.write(f"fuzzing {name}: {line}")

    assert process.returncode == 0, "".join(said[-40:])


def fuzzer(name: str, corpus: Path) -> subprocess.Popen[str]:
    """It ends by itself; what it finds stays beside the corpus, and its output says where."""
    command = [sys.executable, "-m", "tests.fuzz", name, f"-max_total_time={SECONDS}", "-max_len=16384"]
    paths = [str(ROOT), str(ROOT / "tools"), str(ROOT / "layers" / "rescind")]
    return subprocess.Popen(  # noqa: S603 - our own fuzzer
        [*command, "-timeout=10", f"-artifact_prefix={corpus.parent}{os.sep}", str(corpus)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
