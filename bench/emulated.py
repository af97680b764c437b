"""Lambda's Runtime Interface Emulator, of SAM CLI's package, with the Python that is measured."""

from pathlib import Path

from bench.places import ARCHITECTURE, PYTHON, ROOT, MissingError, packages
from tests.built.emulator import Emulator

_OF_THE_RUNTIME = ("awslambdaric", "simplejson", "snapshot_restore_py.py", "runtime_client.*.so")


def emulator(runtime: Path) -> Emulator:
    """The emulator; `runtime` becomes what Lambda has at /var/runtime.

    Raises:
        MissingError: there is none on this machine.
    """
    [*programs] = (ROOT / ".venv-sam").glob(
        f"lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-{ARCHITECTURE}"
    )
    if not programs:
        raise MissingError("Lambda's emulator comes with SAM CLI: make validate")
    runtime.mkdir(exist_ok=True)
    for pattern in _OF_THE_RUNTIME:
        for path in packages().glob(pattern):
            if not (runtime / path.name).exists():
                (runtime / path.name).symlink_to(path)
    return Emulator(programs[0], runtime, PYTHON)
