"""Credentials under SnapStart: asked for after the restore, never before, and again before they expire."""

import contextlib
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from botocore.awsrequest import AWSRequest, AWSResponse

from rescind import authorizer_wiring, sdk
from tests.snapstart.credentials_server import CredentialsServer, running_credentials_server

LESS_THAN_THE_SDK_TRUSTS = 60


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[CredentialsServer]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    # A session of its own, as of a new process.
    monkeypatch.setattr(sdk, "session", cache(sdk.session.__wrapped__))
    with running_credentials_server() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def used_by(client: Any) -> str:
    """The access key id that a call is signed with; the call goes nowhere."""
    signed: list[str] = []

    def send_nowhere(request: AWSRequest, **_: object) -> AWSResponse:
        signed.append(request.headers["Authorization"].decode())
        raise _NowhereError

    client.meta.events.register_first("before-send.dynamodb", send_nowhere)
    with contextlib.suppress(_NowhereError):
        client.get_item(TableName="Users", Key={"user_id": {"S": "usr_1"}})
    client.meta.events.unregister("before-send.dynamodb", send_nowhere)
    return signed[0].partition("Credential=")[2].partition("/")[0]


class _NowhereError(Exception):
    pass


def test_before_a_snapshot_nobody_is_asked_for_credentials(server: CredentialsServer) -> None:
    sdk.load(["dynamodb", "kms"])

    assert server.handed_out == []
    assert used_by(sdk.client("dynamodb")) == server.handed_out[0]


def test_credentials_that_are_about_to_expire_are_asked_for_again(server: CredentialsServer) -> None:
    server.good_for_seconds = LESS_THAN_THE_SDK_TRUSTS
    client = sdk.client("dynamodb")
    server.good_for_seconds = 6 * 3600
    first = server.handed_out[0]

    assert used_by(client) == used_by(client) == server.handed_out[1] != first
    assert len(server.handed_out) == 2


def test_the_authorizers_own_requests_are_signed_with_them_too_and_they_are_asked_for_again(
    server: CredentialsServer,
) -> None:
    sdk.load(["dynamodb"])
    assert server.handed_out == []  # A snapshot would be taken here.
    server.good_for_seconds = LESS_THAN_THE_SDK_TRUSTS
    credentials = authorizer_wiring.credentials()
    server.good_for_seconds = 6 * 3600

    used = [credentials().access_key for _ in range(3)]

    assert used == [server.handed_out[1]] * 3
    assert len(server.handed_out) == 2
