"""The keys function, on a KMS that makes key pairs: ministack's."""

import http.server
import json
import os
import subprocess
import sys
import threading
import time
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from rescind import wiring
from rescind.rules.access_tokens import sign_access_token
from rescind.rules.key_changes import LEAD_SECONDS
from rescind.rules.key_set import KEEP_AT_MOST_SECONDS, KeyEntry, KeySet, Purpose
from rescind.rules.sessions import CLOCK_SKEW_SECONDS
from rescind.unavailable import UnavailableError
from rescind.web.requests import InvalidRequestError
from tests.deployment import deployed
from tests.functions.conftest import Stack, forget_wiring, recorded
from tests.things import SETTINGS, a_credential, a_session, a_user, some_claims

OPERATOR = "arn:aws:sts::123456789012:assumed-role/operators/grace"

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.ministack


@pytest.fixture
def empty_stack(ministack: str) -> Iterator[Stack]:
    """Tables with nothing in them, and a KMS key."""
    with deployed(ministack) as deployment:
        forget_wiring()
        yield Stack(deployment.stores)
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
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
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


def test_a_revoked_key_is_followed_by_the_one_ahead(empty_stack: Stack) -> None:
    empty_stack.invoke("keys", recorded("keys"))
    for purpose, key_set in zip(Purpose, key_sets(empty_stack), strict=True):
        current, ahead = (entry.key_id for entry in key_set.entries)
        begun_at = time.time()

        answer = empty_stack.invoke("keys", {"revoke": current})

        [other] = [each for each in Purpose if each is not purpose]
        assert answer["revoked"] == {purpose: [current], other: []}
        assert begun_at + 70 <= answer["effective_by"] <= time.time() + 71
        assert answer["latest_effective_by"] == answer["effective_by"] + 540
        first, second, third = empty_stack.stores.key_sets.read(purpose).entries
        assert (first.key_id, second.key_id) == (current, ahead)
        assert first.revoked_at is not None
        assert third.added_at >= begun_at - 1


def test_all_keys_are_revoked_at_once(empty_stack: Stack) -> None:
    empty_stack.invoke("keys", recorded("keys"))
    before = {entry.key_id for key_set in key_sets(empty_stack) for entry in key_set.entries}

    answer = empty_stack.invoke("keys", {"revoke": "all"})

    assert {key_id for key_ids in answer["revoked"].values() for key_id in key_ids} == before
    assert wiring.keyring().verification_keys(now=int(time.time())).keys().isdisjoint(before)


def test_a_key_that_is_not_there_is_said_to_be_unknown(empty_stack: Stack) -> None:
    empty_stack.invoke("keys", recorded("keys"))
    before = key_sets(empty_stack)

    with pytest.raises(InvalidRequestError, match="nothing was revoked"):
        empty_stack.invoke("keys", recorded("keys-revoke"))

    assert key_sets(empty_stack) == before


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({}, id="empty"),
        pytest.param([], id="a-list"),
        pytest.param({"revok": "all"}, id="mistyped"),
        pytest.param({"revoke": None}, id="no-id"),
        pytest.param({"revoke": ["all"]}, id="a-list-of-ids"),
        pytest.param({"revoke": "all", "reason": "leaked"}, id="and-more"),
        pytest.param({"rotate": "later"}, id="another-time"),
        pytest.param({"rotate": True}, id="no-time"),
        pytest.param({"rotate": "now", "revoke": "all"}, id="both"),
        pytest.param({"operator": OPERATOR}, id="nothing-but-who"),
        pytest.param({**recorded("keys"), "rotate": "now"}, id="a-rotation-in-a-schedules-event"),
        pytest.param({"RequestType": "Create", "rotate": "now"}, id="a-rotation-in-cloudformations-event"),
        pytest.param({**recorded("keys"), "revoke": "all"}, id="in-a-schedules-event"),
        pytest.param({"RequestType": "Create", "revoke": "all"}, id="in-cloudformations-event"),
        pytest.param({"RequestType": "Delete", "revoke": "all"}, id="in-cloudformations-deletion"),
        pytest.param({"detail": {"revoke": "all"}}, id="in-anothers-event"),
        pytest.param({"body": '{"revoke": "all"}', "httpMethod": "POST"}, id="over-http"),
    ],
)
def test_an_event_that_is_not_plainly_one_of_those_does_nothing(empty_stack: Stack, event: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r'send {"revoke": "<key id>"}'):
        empty_stack.invoke("keys", event)

    assert not any(key_set.entries for key_set in key_sets(empty_stack))


@pytest.mark.parametrize("operator", ["me", "", 1, "arn:aws:iam::123456789012:user/a b", f"{OPERATOR}\n"])
@pytest.mark.parametrize("event", [{"revoke": "all"}, {"rotate": "now"}], ids=["revoke", "rotate"])
def test_an_operator_who_is_none_changes_nothing(
    empty_stack: Stack, event: dict[str, Any], operator: object
) -> None:
    empty_stack.invoke("keys", recorded("keys"))
    before = key_sets(empty_stack)

    with pytest.raises(InvalidRequestError):
        empty_stack.invoke("keys", {**event, "operator": operator})

    assert key_sets(empty_stack) == before


def test_what_a_schedule_or_a_deployment_has_within_is_no_revocation(
    empty_stack: Stack, cloudformation: tuple[dict[str, Any], list[dict[str, Any]]]
) -> None:
    event, _ = cloudformation
    empty_stack.invoke("keys", recorded("keys"))
    before = key_sets(empty_stack)

    empty_stack.invoke("keys", {**recorded("keys"), "detail": {"revoke": "all"}})
    empty_stack.invoke("keys", {**event, "ResourceProperties": {"revoke": "all"}})

    assert key_sets(empty_stack) == before


def test_a_rotation_before_its_time_brings_the_next_keys_forward_and_publishes_others(
    empty_stack: Stack,
) -> None:
    empty_stack.invoke("keys", recorded("keys"))
    before = key_sets(empty_stack)

    answer = empty_stack.invoke("keys", {"rotate": "now"})

    for old, new in zip(before, key_sets(empty_stack), strict=True):
        signing, ahead = old.entries
        # It has just been published, so it waits for its hour.
        assert answer["rotated"][old.purpose] == {
            "key_id": ahead.key_id,
            "signs_from": ahead.added_at + LEAD_SECONDS,
        }
        assert new.entries[0] == signing
        assert new.entries[1].signs_from == ahead.added_at + LEAD_SECONDS
        assert len(new.entries) == 3
    assert empty_stack.invoke("keys", {"rotate": "now"}) == answer


def test_a_rotation_before_its_time_is_written_down_once_with_the_keys_and_who_asked(
    empty_stack: Stack, written: Callable[[], str]
) -> None:
    empty_stack.invoke("keys", recorded("keys"))
    written()

    answer = empty_stack.invoke("keys", {"rotate": "now", "operator": OPERATOR})
    empty_stack.invoke("keys", {"rotate": "now", "operator": OPERATOR})

    lines = [json.loads(line) for line in written().splitlines()]
    told = [(line["key_id"], line["actor"]) for line in lines if line.get("message") == "KeysRotated"]
    assert told == [(answer["rotated"][purpose]["key_id"], OPERATOR) for purpose in Purpose]


def test_an_operator_sees_how_each_key_stands_and_no_secret(empty_stack: Stack) -> None:
    empty_stack.invoke("keys", recorded("keys"))
    first, ahead = empty_stack.stores.key_sets.read(Purpose.ACCESS_TOKEN).entries
    empty_stack.invoke("keys", {"revoke": first.key_id})

    answer = empty_stack.answer("admin", {"operation": "listKeys"})

    assert answer.status == 200
    access, refresh = answer.body["keys"]["access-token"], answer.body["keys"]["refresh-token"]
    assert [each["state"] for each in access] == ["revoked", "waiting", "next"]
    assert [each["state"] for each in refresh] == ["signs", "next"]
    assert access[1] == {
        "key_id": ahead.key_id,
        "state": "waiting",
        "signs_from": ahead.signs_from,
        "added_at": ahead.added_at,
        "revoked_at": None,
        "verifies_until": None,
    }
    assert access[0]["revoked_at"] in range(answer.body["now"] - 9, answer.body["now"] + 1)


def test_a_revocation_is_written_down_with_the_keys_id_and_nothing_secret(
    empty_stack: Stack, written: Callable[[], str]
) -> None:
    empty_stack.invoke("keys", recorded("keys"))
    [_, mac_keys] = key_sets(empty_stack)
    written()

    empty_stack.invoke("keys", {"revoke": mac_keys.entries[0].key_id, "operator": OPERATOR})

    lines = [json.loads(line) for line in written().splitlines()]
    [line] = [line for line in lines if line.get("message") == "KeyRevoked"]
    assert (line["key_id"], line["actor"]) == (mac_keys.entries[0].key_id, OPERATOR)
    assert not {"event", "encrypted_key", "secret"} & line.keys()


@pytest.mark.parametrize(
    "event",
    [recorded("keys"), {"rotate": "now"}, {"revoke": "all"}],
    ids=["rotation", "rotation now", "revocation"],
)
@pytest.mark.parametrize(
    ("service", "operation", "failing"),
    [
        pytest.param(wiring.dynamodb, "get_item", None, id="the-read"),
        pytest.param(
            wiring.kms,
            "generate_data_key_pair_without_plaintext",
            Purpose.ACCESS_TOKEN,
            id="a-signing-key",
        ),
        pytest.param(wiring.dynamodb, "put_item", None, id="the-write"),
        pytest.param(
            wiring.kms, "generate_data_key_without_plaintext", Purpose.REFRESH_TOKEN, id="a-mac-key"
        ),
    ],
)
def test_a_failed_run_changes_nothing_of_the_set_at_which_it_failed(
    empty_stack: Stack,
    event: dict[str, Any],
    service: Callable[[], Any],
    operation: str,
    failing: Purpose | None,
) -> None:
    # Each set is a write of its own, and what comes first is done by then.
    order = [Purpose.REFRESH_TOKEN, Purpose.ACCESS_TOKEN] if "revoke" in event else list(Purpose)
    changed = order[: order.index(failing)] if failing else []
    if {"revoke", "rotate"} & event.keys():
        empty_stack.invoke("keys", recorded("keys"))
    before = key_sets(empty_stack)

    def away(**_: Any) -> None:
        raise UnavailableError("away")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service(), operation, away)
        with pytest.raises(UnavailableError):
            empty_stack.invoke("keys", event)

    after = key_sets(empty_stack)
    assert [new.purpose for old, new in zip(before, after, strict=True) if old != new] == changed
    left = {0, 2, 3} if "rotate" in event else {0, 2}
    assert all(len([each for each in new.entries if not each.revoked_at]) in left for new in after)


def test_a_new_key_is_in_every_copy_of_the_jwk_set_before_it_signs(empty_stack: Stack) -> None:
    empty_stack.invoke("keys", recorded("keys"))

    header = empty_stack.answer("jwks", recorded("jwks")).headers["Cache-Control"]

    max_age = int(header.removeprefix("public, max-age="))
    assert 0 < max_age <= 1800
    # A sandbox may answer from a set that it could not read again, and clocks differ.
    assert max_age + KEEP_AT_MOST_SECONDS + CLOCK_SKEW_SECONDS < LEAD_SECONDS


# Who never holds a private key


def forms_of(entry: KeyEntry, purpose: Purpose) -> set[bytes]:
    """What would give a key away: the bytes of its secret, and the ways in which they may be written."""
    secret = wiring.key_service().open(entry.encrypted_key, purpose=purpose)
    forms = {secret}
    if purpose is Purpose.ACCESS_TOKEN:
        key = load_der_private_key(secret, password=None)
        assert isinstance(key, EllipticCurvePrivateKey)
        number = key.private_numbers().private_value
        forms |= {number.to_bytes(32), str(number).encode()}
    written = {encode(form).rstrip(b"=") for form in forms for encode in (b64encode, urlsafe_b64encode)}
    return forms | written | {form.hex().encode() for form in forms}


def in_a_sandbox(stack: Stack, *calls: tuple[str, Any]) -> tuple[set[str], set[str], set[str]]:
    """In a fresh sandbox after these calls: the ids of keys sealed and of keys in the clear, and types."""
    finished = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "tests.functions.memory_of_a_sandbox", json.dumps(calls)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'rescind'}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    told = json.loads(finished.stdout.splitlines()[-1])
    memory = b"\0".join(b64decode(text) for text in told["texts"])
    entries = [(entry, key_set.purpose) for key_set in key_sets(stack) for entry in key_set.entries]
    sealed = {entry.key_id for entry, _ in entries if entry.encrypted_key in memory}
    held = {
        entry.key_id for entry, purpose in entries if any(form in memory for form in forms_of(entry, purpose))
    }
    return sealed, held, set(told["types"])


def test_no_private_key_is_in_the_memory_of_keys_jwks_or_the_authorizer(empty_stack: Stack) -> None:
    empty_stack.invoke("keys", recorded("keys"))
    now = int(time.time())
    token = sign_access_token(some_claims(iat=now, exp=now + 900), key=wiring.keyring().signing_key(now=now))
    empty_stack.stores.accounts.create(a_user(logged_out_at=0), a_credential())
    empty_stack.stores.sessions.put(a_session())
    asked = {**recorded("authorizer-rest-token"), "authorizationToken": f"Bearer {token}"}

    sealed, held, types = in_a_sandbox(
        empty_stack, ("authorizer", asked), ("jwks", recorded("jwks")), ("keys", {"revoke": "all"})
    )

    assert len(sealed) == 8, "it has read four keys, and made four"
    assert held == set()
    assert not any("PrivateKey" in name for name in types)


def test_a_private_key_would_be_found_in_a_sandbox_that_signs(empty_stack: Stack) -> None:
    empty_stack.invoke("keys", recorded("keys"))

    _, held, types = in_a_sandbox(empty_stack, ("signing", int(time.time())))

    assert held == {key_set.entries[0].key_id for key_set in key_sets(empty_stack)}
    assert any("PrivateKey" in name for name in types)


def test_a_deployment_waits_for_its_first_keys(
    empty_stack: Stack, cloudformation: tuple[dict[str, Any], list[dict[str, Any]]]
) -> None:
    event, answers = cloudformation

    empty_stack.invoke("keys", event)

    [answer] = answers
    assert (answer["Status"], answer["RequestId"]) == ("SUCCESS", "request-1")
    assert all(key_set.entries for key_set in key_sets(empty_stack))


def test_a_deployment_learns_when_a_setting_is_another_and_not_which(
    empty_stack: Stack, cloudformation: tuple[dict[str, Any], list[dict[str, Any]]]
) -> None:
    event, answers = cloudformation

    for audience in ("orders", "billing", "orders"):
        properties = {"Settings": {"AUDIENCE": audience}}
        empty_stack.invoke("keys", {**event, "RequestType": "Update", "ResourceProperties": properties})

    first, second, third = (answer["Data"]["Settings"] for answer in answers)
    assert first == third != second
    assert not any("orders" in json.dumps(answer) for answer in answers)


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
