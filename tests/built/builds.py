"""What `make build` has made, and builds of a test's own elsewhere, each with Lambda's own Python."""

import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.template import NAMES
from tests.what_was_built import LAMBDA_PYTHON, ROOT, SAM

LAYER_SOURCE = ROOT / "layers" / "rescind"
# As uname has it, and as Lambda has it.
THIS_MACHINE = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "")


@dataclass(frozen=True)
class Build:
    folder: Path

    @property
    def layer(self) -> Path:
        """What Lambda has at /opt/python."""
        return self.folder / "Layer" / "python"

    def function(self, name: str) -> Path:
        """What Lambda has at /var/task."""
        return self.folder / NAMES[name]


def sam_build(into: Path, *, architecture: str) -> Build:
    """Beside the one of `make build`; with a cache of its own, as SAM takes others' out of it."""
    command: list[str | Path] = [SAM, "build", "--build-dir", into / "build", "--cache-dir", into / "cache"]
    command += ["--parameter-overrides", f"Architecture={architecture}"]
    done = _run(command, ROOT, _environment({"SAM_CLI_TELEMETRY": "0"}))
    assert done.returncode == 0, done.stderr
    return Build(into / "build")


def make_layer(
    source: Path, into: Path, *, architecture: str = "x86_64", **environment: str
) -> subprocess.CompletedProcess[str]:
    """As SAM makes it, from another folder than that of the checkout."""
    makefile = source / architecture / "Makefile"
    return _run(
        ["make", "--makefile", makefile, "build-Layer"],
        source,
        _environment({"ARTIFACTS_DIR": str(into), **environment}),
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _environment(added: Mapping[str, str]) -> dict[str, str]:
    # Not what the `make` that runs the tests was told.
    inherited = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL"}}
    return {**inherited, "PATH": f"{LAMBDA_PYTHON.parent}{os.pathsep}{os.environ['PATH']}", **added}


def _run(
    command: list[str | Path], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - SAM CLI, and make on our own file
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
