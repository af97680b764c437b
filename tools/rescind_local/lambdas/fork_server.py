"""The warm process that sandboxes are forked from: it has imported what takes long, and holds no state.

For each byte on its socket it forks a sandbox, which talks over the file descriptor that came along.
When the socket ends, because the gateway ended however it did, it kills them all.
"""

import contextlib
import importlib
import os
import signal
import socket
import sys
from pathlib import Path

from rescind_local.lambdas import sandbox

# Third-party only: what a function's own folders hold must be read afresh after each change.
_SLOW_TO_IMPORT = (
    "argon2",
    "aws_lambda_powertools",
    "aws_lambda_powertools.metrics",
    "boto3",
    "botocore.httpchecksum",
    "botocore.signers",
    "cryptography.hazmat.primitives.asymmetric.ec",
    "cryptography.hazmat.primitives.serialization",
    "jwt",
)


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    _forget_own_path()
    for name in _SLOW_TO_IMPORT:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)

    children: set[int] = set()
    while True:
        asked, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not asked:
            break
        child = os.fork()
        if child == 0:
            control.close()
            _be_sandbox(descriptors[0])
        os.close(descriptors[0])
        children.add(child)
        children -= _ended(children)
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _be_sandbox(descriptor: int) -> None:
    try:
        sandbox.serve(socket.socket(fileno=descriptor))
    finally:
        sys.stdout.flush()
        os._exit(0)


def _ended(children: set[int]) -> set[int]:
    # Only here are they waited for, so a pid in `children` is never somebody else's.
    return {child for child in children if os.waitpid(child, os.WNOHANG)[0] == child}


def _forget_own_path() -> None:
    """A function must not find the gateway's modules, nor what stood on its PYTHONPATH."""
    own = {Path(entry).resolve() for entry in os.environ.pop("PYTHONPATH", "").split(os.pathsep) if entry}
    own.add(Path.cwd())
    sys.path[:] = [entry for entry in sys.path if entry and Path(entry).resolve() not in own]
