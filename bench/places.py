"""Where things are: the checkout, the environment that is measured in, and what a run leaves behind."""

import platform
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / ".venv-bench" / "bin" / "python"
"""Lambda's version, with the naive authorizer's packages and the peers'."""
JS = ROOT / "bench" / "js"
BUILD = ROOT / "build" / "bench"
"""Ignored by git."""
CHART = ROOT / "docs" / "performance.svg"
# As uname has it, and as Lambda has it.
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "")


class MissingError(Exception):
    """Something that a part needs is not on this machine; the message says how to get it."""


def packages() -> Path:
    """Where the environment that is measured in has its packages."""
    [found] = PYTHON.parents[1].glob("lib/python*/site-packages")
    return found
