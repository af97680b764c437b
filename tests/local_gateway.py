"""Runs the local gateway for tests: as `make run` does, on a free port, until the test is done with it."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
_PATIENCE_SECONDS = 30


class GatewayDidNotStartError(Exception):
    """It ended, or took too long; the message is all that it said."""


@dataclass(frozen=True)
class RunningGateway:
    base_url: str  # http://127.0.0.1:<port>
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def output(self) -> str:
        """What it has printed so far, stdout and stderr as they came: the functions' log lines, too."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def running_gateway(
    *,
    template: Path | None = None,
    parameters: Mapping[str, object] | None = None,
    port: int = 0,
    environment: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
) -> Iterator[RunningGateway]:
    """A gateway that serves; `environment` is added to its own, AWS_ENDPOINT_URL for another AWS, say."""
    with tempfile.TemporaryDirectory(prefix="gateway-log-") as folder:
        log = Path(folder) / "output"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own gateway
                gateway_command(template=template, parameters=parameters, port=port, arguments=arguments),
                env=gateway_environment(environment),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            served = _wait_until_it_serves(process, log)
            yield RunningGateway(f"http://127.0.0.1:{served}", served, process, log)
        finally:
            end_gateway(process)


def gateway_command(
    *,
    template: Path | None = None,
    parameters: Mapping[str, object] | None = None,
    port: int = 0,
    arguments: Sequence[str] = (),
) -> list[str]:
    command = [sys.executable, "-m", "rescind_local", "--port", str(port), *arguments]
    if template:
        command += ["--template", str(template)]
    if parameters:
        command += ["--parameters", *(f"{name}={value}" for name, value in parameters.items())]
    return command


def gateway_environment(added: Mapping[str, str] | None = None) -> dict[str, str]:
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and name not in {"PORT", "PARAMETERS"}
    }
    paths = [str(ROOT / "tools"), str(ROOT / "layers" / "rescind")]
    return {**own, "PYTHONPATH": os.pathsep.join(paths), **(added or {})}


def end_gateway(process: subprocess.Popen[bytes]) -> int:
    """Ends it as Ctrl-C does, and by force when it does not mind that."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        return process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _wait_until_it_serves(process: subprocess.Popen[bytes], log: Path) -> int:
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < give_up:
        ended = process.poll() is not None
        said = log.read_text(encoding="utf-8", errors="replace")
        serving = re.search(r"^Serving on http://localhost:(\d+) and ", said, re.MULTILINE)
        if serving:
            return int(serving[1])
        if ended:
            raise GatewayDidNotStartError(said)
        time.sleep(0.02)
    raise GatewayDidNotStartError(f"It does not serve after {_PATIENCE_SECONDS} s.\n{log.read_text()}")
