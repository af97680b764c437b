"""Redis and Postgres for the peers: each on a socket in a folder of its own, in memory as far as they let."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.places import MissingError

_PATIENCE_SECONDS = 20
_HOW = {
    "redis-server": "apt-get install redis-server, or put one's folder on your PATH",
    "postgres": "apt-get install postgresql, and put the folder of `postgres` and `initdb` on your PATH",
}


def missing(program: str) -> str | None:
    """Why there is none, and how to get it."""
    return None if shutil.which(program) else f"There is no {program}: {_HOW[program]}."


@contextmanager
def redis() -> Iterator[str]:
    """The path of its socket."""
    with _folder() as folder:
        path = folder / "redis.sock"
        options = {"port": "0", "unixsocket": str(path), "save": "", "appendonly": "no", "dir": str(folder)}
        command = [_program("redis-server")]
        for name, value in options.items():
            command += [f"--{name}", value]
        with _server(command, path, None):
            yield str(path)


@contextmanager
def postgres() -> Iterator[str]:
    """The folder of its socket; the user is `bench`."""
    with _folder() as folder:
        rows = folder / "rows"
        account = "nobody" if os.geteuid() == 0 else None  # It refuses to be root's.
        initdb = [str(Path(_program("postgres")).resolve().parent / "initdb"), "--pgdata", str(rows)]
        initdb += ["--auth", "trust", "--username", "bench", "--no-sync"]
        made = subprocess.run(  # noqa: S603 - Postgres' own
            initdb, capture_output=True, text=True, check=False, cwd=folder, user=account
        )
        if made.returncode:
            raise MissingError(f"initdb failed: {made.stderr.strip()}")
        command = [_program("postgres"), "-D", str(rows), "-k", str(folder)]
        for setting in ("listen_addresses=", "fsync=off", "shared_buffers=64MB"):
            command += ["-c", setting]
        with _server(command, folder / ".s.PGSQL.5432", account):
            yield str(folder)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise MissingError(str(missing(name)))
    return found


@contextmanager
def _folder() -> Iterator[Path]:
    # A short path: a socket's has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        yield folder


@contextmanager
def _server(command: list[str], path: Path, account: str | None) -> Iterator[None]:
    with (path.parent / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - as they are on the machine
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=path.parent, user=account
        )
    try:
        _wait(path, process)
        yield
    finally:
        process.terminate()
        process.wait(_PATIENCE_SECONDS)


def _wait(path: Path, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        with socket.socket(socket.AF_UNIX) as tried:
            if tried.connect_ex(str(path)) == 0:
                return
        time.sleep(0.05)
    log = (path.parent / "log").read_text(encoding="utf-8", errors="replace")
    raise MissingError(f"{process.args!r} did not start: {log}")
