"""`rescind users import` on the local gateway: who is imported logs in, and a run that was killed goes on."""

import contextlib
import json
import os
import signal
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt
import boto3
import pytest
from argon2 import PasswordHasher, Type

from rescind_cli.errors import CommandError, Exit
from rescind_cli.importing.journal import BATCH_ROWS
from rescind_cli.stack import local_stack
from tests.cli.conftest import STACK, Rescind
from tests.journeys.conftest import Client
from tests.local_gateway import ROOT, RunningGateway
from tests.things import PASSWORD

SALT = b"0123456789abcdef"
HASHES = {
    "argon2id": PasswordHasher(1, 64, 1, type=Type.ID).hash(PASSWORD, salt=SALT),
    "argon2i": PasswordHasher(1, 64, 1, type=Type.I).hash(PASSWORD, salt=SALT),
    "bcrypt": bcrypt.hashpw(PASSWORD.encode(), b"$2b$04$abcdefghijklmnopqrstuu").decode(),
}
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Tables:
    """What stands in the tables behind the gateway."""

    dynamodb: Any
    names: Mapping[str, str]

    def hash_of(self, username: str) -> str:
        key = {"username": {"S": username}}
        found = self.dynamodb.get_item(TableName=self.names["CredentialsTable"], Key=key, ConsistentRead=True)
        return str(found["Item"]["password_hash"]["S"])

    def user_ids(self, prefix: str) -> tuple[list[str], list[str]]:
        """Of whoever's username begins so: as Credentials has them, and as Users has."""
        by_table = [
            sorted(
                item["user_id"]["S"]
                for page in self.dynamodb.get_paginator("scan").paginate(TableName=self.names[table])
                for item in page["Items"]
                if item["username"]["S"].startswith(prefix)
            )
            for table in ("CredentialsTable", "UsersTable")
        ]
        return by_table[0], by_table[1]


@pytest.fixture
def tables(ministack: str, gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> Tables:
    del gateway  # it has made them
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    found = boto3.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    return Tables(
        boto3.client("dynamodb"), {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}
    )


def a_file(folder: Path, *rows: str, header: str = "username,password_hash") -> Path:
    file = folder / "users.csv"
    file.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return file


def journal_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.import.jsonl")


def batches_in(journal: Path) -> int:
    return max(0, journal.read_bytes().count(b"\n") - 1) if journal.exists() else 0


@pytest.mark.parametrize("kind", HASHES)
def test_who_is_imported_logs_in_with_the_password_of_before_and_gets_a_hash_of_ours(
    rescind: Rescind, client: Client, tables: Tables, tmp_path: Path, kind: str
) -> None:
    file = a_file(tmp_path, f'of-{kind},"{HASHES[kind]}"')

    said = rescind("users", "import", str(file), "--yes")

    assert (said.code, said.out) == (0, "1 created, 0 already there, 0 skipped.\n")
    wrong = {"username": f"of-{kind}", "password": "another-password"}
    assert client.ask("POST", "/auth/login", json=wrong).status_code == 401
    assert tables.hash_of(f"of-{kind}") == HASHES[kind]
    client.log_in(f"of-{kind}")
    assert tables.hash_of(f"of-{kind}").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    client.log_in(f"of-{kind}")
    assert client.ask("POST", "/auth/login", json=wrong).status_code == 401


def test_all_columns_arrive(rescind: Rescind, tables: Tables, tmp_path: Path) -> None:
    file = a_file(
        tmp_path,
        f'disabled,orders:read,columns,"{{""plan"": ""gold""}}","{HASHES["bcrypt"]}"',
        header="status,scope,username,claims,password_hash",
    )

    report = rescind.document("users", "import", str(file), "--yes")

    assert (report["rows"], report["created"], report["skipped"]) == (1, 1, [])
    [user_id] = tables.user_ids("columns")[1]
    shown = rescind.document("users", "show", user_id)
    assert shown | {"username": "columns", "status": "disabled", "scope": "orders:read"} == shown
    assert shown["claims"] == {"plan": "gold"}


def test_what_is_skipped_is_told_with_its_line_and_why_and_never_with_its_content(
    rescind: Rescind, tmp_path: Path
) -> None:
    good = HASHES["bcrypt"]
    file = a_file(
        tmp_path,
        f'skip-1,"{good}"',
        "skip-2,5f4dcc3b5aa765d61d8327deb882cf99",
        f'skip-1,"{HASHES["argon2i"]}"',
        f'two words,"{good}"',
        f'Demo,"{good}"',
    )

    said = rescind("users", "import", str(file), "--yes")
    again = rescind("users", "import", str(file), "--yes", "--json")

    assert said.code == again.code == 1
    assert said.out.splitlines()[0] == "1 created, 0 already there, 4 skipped."
    assert "line 6: The username is taken." in said.out
    assert [each["line"] for each in again.document["skipped"]] == [3, 4, 5, 6]
    assert "There was nothing left to do." in again.err
    everything = said.out + said.err + again.out + again.err + journal_of(file).read_text()
    for secret in ("skip-1", "two words", good[:12], "5f4dcc3b5aa7"):
        assert secret not in everything


def test_without_a_journal_everybody_is_found_there(rescind: Rescind, tmp_path: Path) -> None:
    file = a_file(tmp_path, *(f'there-{number},"{HASHES["bcrypt"]}"' for number in range(30)), "there-x,")
    rescind("users", "import", str(file), "--yes")
    journal_of(file).unlink()

    said = rescind("users", "import", str(file), "--yes")

    assert (said.code, said.out) == (0, "0 created, 31 already there, 0 skipped.\n")


def test_it_asks_first_and_no_means_no(rescind: Rescind, tables: Tables, tmp_path: Path) -> None:
    file = a_file(tmp_path, "asked-1,", "asked-2,")

    said = rescind("users", "import", str(file), typed="n\n")

    assert said.code == 130
    assert f"{file} has 2 users. Import them into the local stack (http://127.0.0.1:" in said.err
    assert tables.user_ids("asked-") == ([], [])
    assert not journal_of(file).exists()


@pytest.mark.parametrize(
    ("header", "row", "says"),
    [
        pytest.param("username,password", f"ada,{PASSWORD}", "has a column password. ", id="password"),
        pytest.param("username,scope", "ada", "line 2 has not the 2 columns", id="short-row"),
        pytest.param("username", "", "has a header and no users.", id="no-users"),
    ],
)
def test_a_file_that_cannot_be_imported_is_one_line_and_nothing_is_sent(
    rescind: Rescind, tmp_path: Path, header: str, row: str, says: str
) -> None:
    said = rescind("users", "import", str(a_file(tmp_path, row, header=header)), "--yes")

    assert (said.code, said.out) == (3, "")
    assert says in said.err
    assert said.err.count("\n") == 1
    assert PASSWORD not in said.err


def test_the_journal_of_other_content_is_refused(rescind: Rescind, tmp_path: Path) -> None:
    rescind("users", "import", str(a_file(tmp_path, "content-1,")), "--yes")

    said = rescind("users", "import", str(a_file(tmp_path, "content-2,")), "--yes")

    assert said.code == 3
    assert "of other content of the file. Move it away" in said.err


class HangingUp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(1)


def test_a_connection_that_was_lost_is_no_refusal() -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), HangingUp) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()

        with pytest.raises(CommandError, match="did not answer") as lost:
            local_stack(server.server_address[1]).ask("importUsers", repeat=False, users=[])
        thread.join()

    assert lost.value.code is Exit.UNAVAILABLE


def command(gateway: RunningGateway, file: Path, *arguments: str) -> list[str]:
    of_the_stack = ["--local", "--port", str(gateway.port), "--json"]
    return [sys.executable, "-m", "rescind_cli", *of_the_stack, "users", "import", str(file), *arguments]


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "tools")}


@contextlib.contextmanager
def importing(gateway: RunningGateway, file: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        command(gateway, file, "--yes", *arguments),
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_until(true: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert process.poll() is None, f"it has ended before: {process.communicate()}"
        assert time.monotonic() < give_up
        time.sleep(0.005)


def some_hundreds(folder: Path, prefix: str, count: int) -> Path:
    """Of whom the one in line 20 and every hundredth after it has a hash that nobody takes."""
    hashes = list(HASHES.values())
    return a_file(
        folder,
        *(
            f'{prefix}{line},"{"md5" if line % 100 == 20 else hashes[line % 3]}"'
            for line in range(2, count + 2)
        ),
    )


@pytest.mark.proof
def test_an_import_that_was_killed_goes_on_and_everybody_is_there_once(
    rescind: Rescind, client: Client, gateway: RunningGateway, tables: Tables, tmp_path: Path
) -> None:
    file = some_hundreds(tmp_path, "killed-", 300)
    with importing(gateway, file, "--parallel", "2") as process:
        wait_until(lambda: batches_in(journal_of(file)) >= 2, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = batches_in(journal_of(file))
    assert 2 <= done < 300 / BATCH_ROWS

    said = rescind("users", "import", str(file), "--yes", "--json")

    report = said.document
    assert said.code == 1, said.err
    assert [each["line"] for each in report["skipped"]] == [20, 120, 220]
    assert report["rows"] == 300
    assert report["created"] + report["already"] == 297
    # At most what was on its way, or back and not yet in the journal, when it was killed.
    assert report["already"] <= 4 * BATCH_ROWS
    assert report["rows_now"] == 300 - done * BATCH_ROWS
    of_credentials, of_users = tables.user_ids("killed-")
    assert len(of_users) == len(set(of_users)) == 297
    assert of_credentials == of_users
    client.log_in("killed-2")
    client.log_in("killed-301")


def test_ctrl_c_says_how_to_go_on_and_loses_nothing(
    rescind: Rescind, gateway: RunningGateway, tables: Tables, tmp_path: Path
) -> None:
    file = some_hundreds(tmp_path, "ctrl-c-", 300)
    with importing(gateway, file, "--parallel", "2") as process:
        wait_until(lambda: batches_in(journal_of(file)) >= 2, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)

    assert (process.returncode, out) == (130, "")
    lines = [json.loads(line) for line in journal_of(file).read_text().splitlines()[1:]]
    done = len(lines) * BATCH_ROWS
    assert done < 300
    assert f"Stopped: {done} of 300 rows are done. The same command goes on from there" in err
    assert len(tables.user_ids("ctrl-c-")[1]) == sum(line["created"] for line in lines)
    report = rescind("users", "import", str(file), "--yes", "--json").document
    assert (report["created"], report["already"]) == (297, 0)


def a_long_file(folder: Path) -> Path:
    hashes = list(HASHES.values())
    rows = (f'soak-{n},"{hashes[n % 3]}",orders:read,"{{""old_id"": {n}}}"' for n in range(10_000))
    return a_file(folder, *rows, header="username,password_hash,scope,claims")


@pytest.mark.soak
def test_ten_thousand_users_are_imported_killed_half_way_and_gone_on_with(
    client: Client, gateway: RunningGateway, tables: Tables, tmp_path: Path
) -> None:
    file = a_long_file(tmp_path)
    began = time.monotonic()
    with importing(gateway, file) as process:
        wait_until(lambda: batches_in(journal_of(file)) * BATCH_ROWS >= 5_000, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
    seconds, done = time.monotonic() - began, batches_in(journal_of(file)) * BATCH_ROWS

    began = time.monotonic()
    resumed = subprocess.run(  # noqa: S603 - our own command
        command(gateway, file, "--yes"), env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    more_seconds = time.monotonic() - began

    report = json.loads(resumed.stdout)
    print(  # noqa: T201 - the figures are what it is for
        f"\n{report}\n"
        f"until it was killed: {done} rows in {seconds:.1f} s, {done / seconds:.0f} a second\n"
        f"gone on with: {10_000 - done} rows in {more_seconds:.1f} s\n"
        f"in all: {10_000 / (seconds + more_seconds):.0f} a second"
    )
    assert report["created"] + report["already"] == report["rows"] == 10_000
    of_credentials, of_users = tables.user_ids("soak-")
    assert len(set(of_users)) == 10_000
    assert of_credentials == of_users
    for number in (0, 4_999, 9_999):
        client.log_in(f"soak-{number}")
