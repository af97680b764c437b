"""What is measured of Rescind is what is deployed: the layer as its Makefile makes it, and a function.

SAM runs the same Makefile. The layer is made once for each state of its source, in a folder that git ignores.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from bench.places import ARCHITECTURE, BUILD, PYTHON, ROOT, MissingError

_SOURCE = ROOT / "layers" / "rescind"


def layer() -> Path:
    """What Lambda has at /opt/python."""
    made = BUILD / f"layer-{_digest(_files(_SOURCE))}"
    if not made.exists():
        for old in BUILD.glob("layer-*"):
            shutil.rmtree(old)
        _make(made)
    return made / "python"


def function(folder: Path) -> Path:
    """What Lambda has at /var/task, and compiled, so that all are alike: a copy."""
    made = BUILD / "functions" / folder.relative_to(ROOT)
    shutil.rmtree(made, ignore_errors=True)
    shutil.copytree(folder, made, ignore=shutil.ignore_patterns("__pycache__"))
    _run([PYTHON, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", made])
    return made


def _make(made: Path) -> None:
    print("Making the layer, as it is deployed ...", file=sys.stderr, flush=True)
    unfinished = made.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    makefile = _SOURCE / ARCHITECTURE / "Makefile"
    # Not what the `make` that runs this was told.
    inherited = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL"}}
    environment = {
        **inherited,
        "PATH": f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}",
        "ARTIFACTS_DIR": str(unfinished),
    }
    _run(["make", "--makefile", makefile, "build-Layer"], cwd=_SOURCE, env=environment)
    unfinished.rename(made)


def _run(command: list[str | Path], *, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(  # noqa: S603 - make on our own file, and our own Python
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode != 0:
        raise MissingError(f"{command[0]} failed: {done.stderr.strip()}")


def _files(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.relative_to(_SOURCE)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
