"""The keys function, on a KMS that makes key pairs: ministack's."""

import http.server
import json
import secrets
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from rescind import wiring
from rescind.rules.key_set import KeySet, Purpose
from tests.functions.conftest import Stack, forget_wiring, recorded, set_environment
from tests.tables import create_tables, stores_on
from tests.things import SETTINGS

pytestmark = pytest.mark.ministack


@pytest.fixture
def empty_stack(ministack: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """Tables with nothing in them, and a KMS key."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    forget_wiring()
    prefix = f"{secrets.token_hex(4)}-"
    create_tables(wiring.dynamodb(), prefix=prefix)
    set_environment(monkeypatch, wiring.kms().create_key()["KeyMetadata"]["KeyId"])
    monkeypatch.setenv("KEYS_TABLE", f"{prefix}Keys")
    yield Stack(stores_on(wiring.dynamodb(), prefix=prefix))
    forget_wiring()


@pytest.fixture
def cloudformation() -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """The event of a custom resource's creation, and what came back at its address."""
    answers: list[dict[str, Any]] = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield (
            {
                "RequestType": "Create",
                "ResponseURL": f"http://127.0.0.1:{server.server_port}/answer",
                "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/rescind/1",
                "RequestId": "request-1",
                "LogicalResourceId": "FirstKeys",
                "ResourceType": "Custom::KeySet",
            },
            answers,
        )
        server.shutdown()
        thread.join()


def key_sets(stack: Stack) -> list[KeySet]:
    return [stack.stores.key_sets.read(purpose) for purpose in Purpose]


def test_the_first_run_makes_keys_that_sign_and_keys_published_ahead(empty_stack: Stack) -> None:
    assert empty_stack.invoke("keys", recorded("keys")) == {"access-token": 2, "refresh-token": 2}

    for key_set in key_sets(empty_stack):
        now, ahead = (entry.signs_from for entry in key_set.entries)
        assert now == 0
        assert ahead > 1_700_000_000 + SETTINGS.key_rotation_days * 86_400


def test_a_second_run_adds_nothing(empty_stack: Stack) -> None:
    empty_stack.invoke("keys", recorded("keys"))
    before = key_sets(empty_stack)

    assert empty_stack.invoke("keys", recorded("keys")) == {"access-token": 0, "refresh-token": 0}

    assert key_sets(empty_stack) == before


def test_what_it_made_signs_and_verifies(empty_stack: Stack) -> None:
    empty_stack.invoke("keys", recorded("keys"))
    now = 1_800_000_000

    key = wiring.keyring().signing_key(now=now)

    assert key.private_key.public_key() == wiring.keyring().verification_keys(now=now)[key.kid]
    assert len(wiring.keyring().mac_key(now=now, at=now).secret) == 32


def test_it_never_holds_a_private_key(empty_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("the keys function asked for a plaintext")

    for operation in ("decrypt", "generate_data_key", "generate_data_key_pair"):
        monkeypatch.setattr(wiring.kms(), operation, refused)

    assert empty_stack.invoke("keys", recorded("keys"))["access-token"] == 2


def test_a_deployment_waits_for_its_first_keys(
    empty_stack: Stack, cloudformation: tuple[dict[str, Any], list[dict[str, Any]]]
) -> None:
    event, answers = cloudformation

    empty_stack.invoke("keys", event)

    [answer] = answers
    assert (answer["Status"], answer["RequestId"]) == ("SUCCESS", "request-1")
    assert all(key_set.entries for key_set in key_sets(empty_stack))


def test_a_deployment_learns_that_keys_could_not_be_made(
    empty_stack: Stack,
    cloudformation: tuple[dict[str, Any], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    event, answers = cloudformation
    monkeypatch.setenv("KEYS_TABLE", "gone")
    forget_wiring()

    with pytest.raises(Exception, match="ResourceNotFoundException"):
        empty_stack.invoke("keys", event)

    assert answers[0]["Status"] == "FAILED"


def test_removing_the_stack_needs_no_keys(
    empty_stack: Stack, cloudformation: tuple[dict[str, Any], list[dict[str, Any]]]
) -> None:
    event, answers = cloudformation

    empty_stack.invoke("keys", {**event, "RequestType": "Delete", "PhysicalResourceId": "key-sets"})

    assert (answers[0]["Status"], answers[0]["PhysicalResourceId"]) == ("SUCCESS", "key-sets")
    assert not any(key_set.entries for key_set in key_sets(empty_stack))
