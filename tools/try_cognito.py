"""Tries Rescind with Cognito on this machine, without an AWS account: `make cognito`.

A user pool in memory, the stack that trusts it, and examples/cognito/side_by_side.py on both. All of it ends.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3

from rescind_local.account import CREDENTIALS, REGION
from rescind_local.deploy.emulator import running_emulator
from rescind_local.errors import StartError

_ROOT = Path(__file__).parents[1]
_PASSWORD = "Correct-Horse-9-Battery"  # noqa: S105 - of a pool that ends with this process
_PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Pool:
    """A user pool with one app client, and `ada`, who is in its group `admins`."""

    issuer: str
    client_id: str
    username: str = "ada"

    @property
    def parameters(self) -> list[str]:
        """What the stack is deployed with to trust it."""
        grants = "->orders:read cognito:groups=admins->admin"
        return [f"TrustedIssuers={self.issuer} {self.client_id} {grants}", "AutoProvision=enabled"]


def main() -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        with running_emulator() as emulator:
            _say("Starting an AWS in memory, and making a user pool in it ...")
            emulator.wait()
            pool = make_pool(emulator.endpoint)
            _say(
                f"  {pool.issuer}\n  app client {pool.client_id}, user {pool.username} in the group admins\n"
            )
            _say("Starting Rescind, which trusts it ...")
            with running_stack(pool, emulator.endpoint) as api:
                for parameter in pool.parameters:
                    _say(f"  {parameter}")
                return side_by_side(pool, api, emulator.endpoint)
    except StartError as error:
        _say(f"try_cognito: {error}")
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def make_pool(endpoint: str) -> Pool:
    """By the calls that one would make at AWS."""
    cognito = boto3.client("cognito-idp", endpoint_url=endpoint, region_name=REGION, **CREDENTIALS)
    pool_id = cognito.create_user_pool(PoolName="shop")["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="shop-page",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]
    pool = Pool(f"https://cognito-idp.{REGION}.amazonaws.com/{pool_id}", client["ClientId"])
    cognito.create_group(UserPoolId=pool_id, GroupName="admins")
    user = {"UserPoolId": pool_id, "Username": pool.username}
    cognito.admin_create_user(**user, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**user, Password=_PASSWORD, Permanent=True)
    cognito.admin_add_user_to_group(**user, GroupName="admins")
    return pool


@contextmanager
def running_stack(pool: Pool, endpoint: str) -> Iterator[str]:
    """The address of a local gateway that trusts the pool; leaving the context ends it."""
    with tempfile.TemporaryDirectory(prefix="try-cognito-") as folder:
        log = Path(folder) / "gateway.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own gateway
                [sys.executable, "-m", "rescind_local", "--port", "0", "--parameters", *pool.parameters],
                cwd=_ROOT,
                env={**os.environ, "AWS_ENDPOINT_URL": endpoint},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            yield _address(process, log)
        finally:
            process.send_signal(signal.SIGINT)  # as Ctrl-C does
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def side_by_side(pool: Pool, api: str, endpoint: str) -> int:
    """Run the example as a user would; its exit code."""
    command = ["examples/cognito/side_by_side.py", "--api", api, "--issuer", pool.issuer]
    command += ["--client-id", pool.client_id, "--username", pool.username, "--cognito-endpoint", endpoint]
    _say(f"\nCOGNITO_PASSWORD=... python3 {shlex.join(command)}\n")
    environment = {**os.environ, "COGNITO_PASSWORD": _PASSWORD}
    return subprocess.run([sys.executable, *command], cwd=_ROOT, env=environment, check=False).returncode  # noqa: S603 - our own example


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < give_up:
        ended = process.poll() is not None
        said = log.read_text(encoding="utf-8", errors="replace")
        if serving := re.search(r"^Serving on (http://localhost:\d+) and ", said, re.MULTILINE):
            return serving[1]
        if ended:
            raise StartError(said.strip() or "the local gateway ended, and said nothing")
        time.sleep(0.05)
    raise StartError(f"the local gateway does not serve after {_PATIENCE_SECONDS} s")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
