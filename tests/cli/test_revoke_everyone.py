"""`rescind revoke everyone` and `rescind users list` on the local gateway; killed, and gone on with."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from rescind import sdk
from rescind.model import User
from rescind.store.accounts import Accounts
from rescind.store.feed import Feed
from rescind.store.user_rows import user_item
from rescind.store.users import Users
from rescind_cli.stack import local_stack
from tests.cli.conftest import Rescind
from tests.functions.conftest import REAL
from tests.journeys.conftest import Client
from tests.local_gateway import ROOT, RunningGateway, gateway_environment, running_gateway
from tests.things import PASSWORD, a_credential, a_user

STACK = "cli-everyone"
PEOPLE = 12
OTHERS = 200
FAR_BACK_SECONDS = 60


@dataclass(frozen=True)
class Inside:
    """The tables behind the gateway: users are put into them without a hash for each."""

    dynamodb: Any
    names: dict[str, str]

    @property
    def feed(self) -> Feed:
        return Feed(self.dynamodb, table=self.names["RevocationsTable"], copies=1)

    @property
    def users(self) -> Users:
        return Users(self.dynamodb, table=self.names["UsersTable"], feed=self.feed)

    def sign_up(self, users: Sequence[User]) -> None:
        accounts = Accounts(
            self.dynamodb,
            credentials_table=self.names["CredentialsTable"],
            users_table=self.names["UsersTable"],
            sessions_table=self.names["SessionsTable"],
            feed=self.feed,
        )
        password_hash = REAL.hash(PASSWORD)
        for user in users:
            credential = a_credential(
                user_id=user.user_id, username=user.username, password_hash=password_hash
            )
            assert accounts.create(user, credential)

    def put(self, users: Sequence[User]) -> None:
        """Rows of users who never log in."""
        rows = [{"PutRequest": {"Item": user_item(user)}} for user in users]
        for begin in range(0, len(rows), 25):
            table = {self.names["UsersTable"]: rows[begin : begin + 25]}
            left = self.dynamodb.batch_write_item(RequestItems=table)["UnprocessedItems"]
            assert not left


def tables_of(stack: str) -> dict[str, str]:
    resources = boto3.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}


@pytest.fixture(scope="module")
def gateway(ministack: str) -> Iterator[RunningGateway]:
    """Of its own, as nobody is left alone here."""
    with running_gateway(
        environment={"AWS_ENDPOINT_URL": ministack}, arguments=["--stack", STACK]
    ) as running:
        yield running


@pytest.fixture
def inside(ministack: str, gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> Inside:
    del gateway  # it has made the tables
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    return Inside(sdk.client("dynamodb"), tables_of(STACK))


def some_users(letter: str, many: int) -> list[User]:
    """Whose ids are in order: ministack goes through a table by them."""
    return [
        a_user(user_id=f"usr_{letter}{n:020}A", username=f"{letter}-{n}", logged_out_at=0)
        for n in range(many)
    ]


def log_in_all(client: Client, users: Sequence[User]) -> list[dict[str, Any]]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda user: client.log_in(user.username), users))


def live(client: Client, tokens: Sequence[dict[str, Any]]) -> list[bool]:
    """Of which the access token is let through."""

    def is_live(pair: dict[str, Any]) -> bool:
        return client.me(pair["access_token"]).status_code == 200

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(is_live, tokens))


def start(gateway: RunningGateway, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "rescind_cli", "--local", "--port", str(gateway.port), *arguments]
    return subprocess.Popen(  # noqa: S603 - our own command
        command,
        cwd=ROOT,
        env=gateway_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_all_users_are_listed(rescind: Rescind, inside: Inside) -> None:
    users = some_users("l", 120)
    inside.put(users)

    listed = rescind.document("users", "list")["users"]
    table = rescind("users", "list", "--limit", "3")

    assert {user.user_id for user in users} <= {each["user_id"] for each in listed}
    assert {"demo", "admin"} <= {each["username"] for each in listed}
    assert len(table.out.splitlines()) == 4


@pytest.mark.proof
def test_a_run_that_is_killed_is_gone_on_with_and_then_nobody_of_before_is_left(
    rescind: Rescind, gateway: RunningGateway, client: Client, inside: Inside
) -> None:
    """Half of the people are at the beginning of the table and half at its end, with others in between."""
    first, last = some_users("a", PEOPLE // 2), some_users("z", PEOPLE // 2)
    inside.sign_up([*first, *last])
    inside.put(some_users("m", OTHERS))
    before = log_in_all(client, [*first, *last])
    # So that those whose turn has come count as done at once, not only 10 s after the beginning.
    since = int(time.time()) - FAR_BACK_SECONDS
    run = ["revoke", "everyone", "--yes", "--since", str(since), "--parallel", "1"]

    with start(gateway, *run) as killed:
        assert killed.stderr is not None
        begun = killed.stderr.readline()
        killed.kill()
    assert f"go on with: rescind revoke everyone --since {since} --local --port {gateway.port}\n" in begun
    half_way = live(client, before)
    again = log_in_all(client, first)
    done = rescind.document(*run[:-2])

    assert half_way == [False] * len(first) + [True] * len(last)
    assert done["skipped"] >= len(first)
    assert done["revoked"] >= len(last)
    assert done["since"] == since
    time.sleep(max(0.0, done["effective_by"] - time.time()))
    assert not any(live(client, before))
    assert all(client.refresh(pair["refresh_token"]).status_code == 401 for pair in before[::3])
    assert all(live(client, again)), "whoever logged in after their turn stays logged in"
    assert all(live(client, log_in_all(client, last[:2])))


def test_ctrl_c_says_how_to_go_on(gateway: RunningGateway, inside: Inside) -> None:
    inside.put(some_users("n", 3 * OTHERS))  # Fewer, and all could be done before it is heard.

    with start(gateway, "revoke", "everyone", "--yes", "--parallel", "1") as interrupted:
        assert interrupted.stderr is not None
        begun = interrupted.stderr.readline()
        interrupted.send_signal(signal.SIGINT)
        out, err = interrupted.communicate(timeout=30)

    assert interrupted.returncode == 130
    command = begun.removeprefix("If this is cut off, go on with: ")
    assert re.match(r"rescind revoke everyone --since [0-9]+ --local", command)
    assert out == ""
    assert err.endswith(f"Not everyone is out. Go on with: {command}")


@pytest.mark.proof
def test_who_did_it_is_in_the_log_for_each_user(
    rescind: Rescind, gateway: RunningGateway, inside: Inside
) -> None:
    user_id = some_users("w", 1)[0].user_id
    inside.put(some_users("w", 1))

    rescind.document("revoke", "everyone", "--yes")

    [line] = [line for line in gateway.output().splitlines() if '"UserRevoked"' in line and user_id in line]
    assert '"actor":"arn:aws:iam::000000000000:user/' in line


@pytest.fixture(scope="module")
def gateway_with_keys_to_lose(ministack: str) -> Iterator[RunningGateway]:
    with running_gateway(
        environment={"AWS_ENDPOINT_URL": ministack}, arguments=["--stack", "cli-now"]
    ) as running:
        yield running


def test_now_revokes_what_signed_of_both_kinds_and_keeps_what_is_published_ahead(
    gateway_with_keys_to_lose: RunningGateway,
) -> None:
    """When it is dead, and that login goes on, is shown by tests of the keys function: it takes 90 s."""
    port = gateway_with_keys_to_lose.port
    before = local_stack(port).ask("listKeys")["keys"]
    began = int(time.time())

    done = Rescind(port).document("revoke", "everyone", "--now", "--yes")

    after = local_stack(port).ask("listKeys")["keys"]
    for kind in ("access-token", "refresh-token"):
        signed = [each["key_id"] for each in before[kind] if each["state"] == "signs"]
        ahead = [each["key_id"] for each in before[kind] if each["state"] == "next"]
        assert done["revoked"][kind] == signed
        states = {each["key_id"]: each["state"] for each in after[kind]}
        assert {states[key_id] for key_id in signed} == {"revoked"}
        assert ahead
        assert "revoked" not in {states[key_id] for key_id in ahead}
    assert began + 70 <= done["effective_by"] <= time.time() + 72
    assert done["latest_effective_by"] == done["effective_by"] + 540
    log = gateway_with_keys_to_lose.output()
    assert len([line for line in log.splitlines() if '"KeyRevoked"' in line and '"actor":"arn:' in line]) == 2


@pytest.mark.soak
def test_ten_thousand_users_are_ended(rescind: Rescind, inside: Inside) -> None:
    inside.put(some_users("t", 10_000))

    done = rescind.document("revoke", "everyone", "--yes")

    print(json.dumps(done))  # noqa: T201 - the figure is what it is run for
    assert done["revoked"] >= 10_000
    assert done["unreadable"] == []
    versions = {inside.users.read(user.user_id) for user in some_users("t", 10_000)[::997]}
    assert {user.token_version for user in versions if user} == {8}
