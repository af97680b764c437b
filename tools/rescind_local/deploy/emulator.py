"""Starts ministack, the AWS of this machine: DynamoDB, KMS and CloudFormation in one process, in memory."""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rescind_local.errors import StartError

PROGRAM = "from rescind_local.deploy.emulator_process import main; main()"
_PATIENCE_SECONDS = 30
_TOOLS = str(Path(__file__).parents[2])


@contextmanager
def running_emulator(
    python: str = sys.executable, program: str = PROGRAM, *, host: str = "127.0.0.1"
) -> Iterator["Emulator"]:
    """A ministack that is starting; leaving the context ends it and removes what it wrote.

    Args:
        python: what runs it, and the functions that are deployed to it.
        program: what `python` is given to run.
        host: the address of this machine that it listens on.
    """
    with tempfile.TemporaryDirectory(prefix="rescind-local-") as folder, socket.socket() as listener:
        # We listen and it accepts, so nobody can take the port in between, and a request just waits for it.
        listener.bind((host, 0))
        listener.listen(128)
        port = listener.getsockname()[1]
        log = Path(folder) / "ministack.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - a Python, and our own module
                [python, "-c", program],
                env=_environment(folder, host, port, listener.fileno()),
                stdin=subprocess.PIPE,  # Its end tells the process that we are gone.
                stdout=output,
                stderr=output,
                pass_fds=[listener.fileno()],
                start_new_session=True,  # Ctrl-C in the terminal is ours to pass on.
            )
        listener.close()
        try:
            yield Emulator(process, host, port, log)
        finally:
            _end(process)


class Emulator:
    def __init__(self, process: subprocess.Popen[bytes], host: str, port: int, log: Path) -> None:
        self.endpoint = f"http://{host}:{port}"
        self.pid = process.pid
        self._process = process
        self._host, self._port = host, port
        self._log = log

    def wait(self) -> None:
        """Blocks until it answers."""
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_PATIENCE_SECONDS)
        try:
            connection.request("GET", "/_ministack/health")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException) as error:
            raise StartError(f"ministack did not start: {self._last_words() or error}") from error
        finally:
            connection.close()

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else ""


def _environment(folder: str, host: str, port: int, listener: int) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MINISTACK_"))},
        "PYTHONPATH": os.pathsep.join(filter(None, [_TOOLS, os.environ.get("PYTHONPATH")])),
        "TMPDIR": folder,
        # Or the private keys of its user pools stay behind in a folder that all share.
        "STATE_DIR": str(Path(folder) / "state"),
        "LISTENER": str(listener),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": host,
        # Or it listens on two more ports, of every interface.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "ERROR",
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
