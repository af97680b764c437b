"""SAM CLI's local commands on what `sam build` has made: one call of a function, and the whole API."""

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rescind_local.account import CREDENTIALS, REGION
from tests.what_was_built import BUILD, ROOT, SAM

BUILT = BUILD / "template.yaml"
_INVOKE_SECONDS = 120
_START_SECONDS = 60
_END_SECONDS = 30


class SamError(Exception):
    """SAM did not do it; the message is all that it said."""


@dataclass(frozen=True)
class Invocation:
    answer: Any
    """What the function returned, or `errorType` and `errorMessage` of what it raised."""
    log: str
    """The function's and SAM's, as they came."""

    @property
    def status(self) -> int:
        """Of a function behind a route."""
        return int(self.answer["statusCode"])

    @property
    def body(self) -> Any:
        return json.loads(self.answer["body"])


@dataclass(frozen=True)
class Sam:
    image: str
    """What the functions' containers are made from."""
    environment: Mapping[str, Mapping[str, str]]
    """Of each function, by its name in the template: SAM by itself knows no table's or key's own name."""
    folder: Path
    """Where SAM may write."""
    parameters: Mapping[str, str]
    template: Path

    def invoke(self, function: str, event: object) -> Invocation:
        """`sam local invoke`: a container of its own, from its start to its end."""
        done = subprocess.run(  # noqa: S603 - SAM CLI
            [*self._command("invoke"), function, "--event", "-"],
            env=self._own_environment(),
            cwd=ROOT,
            input=json.dumps(event),
            capture_output=True,
            text=True,
            timeout=_INVOKE_SECONDS,
            check=False,
        )
        try:
            return Invocation(json.loads(done.stdout), done.stderr)
        except ValueError as error:  # It did not come to an answer; SAM's exit status does not say so.
            raise SamError(f"{function}: {done.stdout}\n{done.stderr}") from error

    @contextmanager
    def api(self, port: int) -> Iterator["RunningApi"]:
        """`sam local start-api`: a container for each function, made when it is first asked and kept."""
        command = [*self._command("start-api"), "--host", "127.0.0.1", "--port", str(port)]
        # Nothing changes meanwhile, and to watch all files for changes costs time.
        command += ["--warm-containers", "LAZY", "--no-watch"]
        log = self.folder / f"start-api-{port}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - SAM CLI
                command,
                env=self._own_environment(),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        api = RunningApi(f"http://127.0.0.1:{port}", process, log)
        try:
            api.wait()
            yield api
        finally:
            api.end()

    def _command(self, name: str) -> list[str]:
        environment = self.folder / f"environment-{threading.get_ident()}.json"
        environment.write_text(json.dumps(self.environment), encoding="utf-8")
        overrides = [f"ParameterKey={key},ParameterValue={value}" for key, value in self.parameters.items()]
        return [
            *(str(SAM), "local", name, "--template", str(self.template), "--region", REGION),
            *("--invoke-image", self.image, "--skip-pull-image"),
            *("--env-vars", str(environment), "--layer-cache-basedir", str(self.folder)),
            *(("--parameter-overrides", *overrides) if overrides else ()),
        ]

    def _own_environment(self) -> dict[str, str]:
        """Whatever AWS you use otherwise, nothing here reaches it; and SAM writes nothing to your home."""
        others = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_CLI_"))
        }
        return {
            **others,
            **{name.upper(): value for name, value in CREDENTIALS.items()},
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "SAM_CLI_TELEMETRY": "0",
            "__SAM_CLI_APP_DIR": str(self.folder),
            # One for each: in a shared one, SAM waits for others that build the same image, and for ever when
            # they are gone.
            "TMPDIR": tempfile.mkdtemp(dir=self.folder),
        }


@dataclass(frozen=True)
class RunningApi:
    base_url: str
    process: subprocess.Popen[bytes]
    log: Path

    def output(self) -> str:
        """What it has printed so far: the functions' log lines, too."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait(self) -> None:
        """Blocks until it serves."""
        give_up = time.monotonic() + _START_SECONDS
        while not re.search(r"Running on http://", self.output()):
            if self.process.poll() is not None or time.monotonic() > give_up:
                raise SamError(f"`sam local start-api` does not serve.\n{self.output()}")
            time.sleep(0.05)

    def end(self) -> None:
        """As Ctrl-C does, upon which it ends its containers; by force when it does not mind that."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
