"""A whole stack on moto: tables, a KMS key, key sets and one user; and each function as Lambda calls it."""

import copy
import functools
import importlib
import json
import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends
from moto.kms import models as moto_kms
from moto.kms.utils import generate_private_key

from rescind import audit, authorizer_wiring, wiring
from rescind.rules import passwords
from rescind.rules.key_set import KeyEntry, Purpose
from tests import event_lines
from tests.deployment import environment_of
from tests.tables import Stores, create_tables, stores_on
from tests.things import MAC_KEY, PASSWORD, SETTINGS, SIGNING_KEY, USER_ID, a_credential, a_user

WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
WEAK_HASH = WEAK.hash(PASSWORD, salt=b"0123456789abcdef")
REAL = PasswordHasher(
    time_cost=SETTINGS.password_hash_iterations,
    memory_cost=SETTINGS.password_hash_memory_kib,
    parallelism=SETTINGS.password_hash_parallelism,
)

EVENTS = Path(__file__).parent.parent / "events"


@dataclass(frozen=True)
class Context:
    """What Powertools reads of Lambda's context."""

    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:function"
    aws_request_id: str = "request"
    milliseconds_left: int = 480_000

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds_left


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Stack:
    stores: Stores

    def invoke(self, function: str, event: dict[str, Any], context: Context | None = None) -> Any:
        """What the function returns, through JSON as in Lambda."""
        handler = importlib.import_module(f"functions.{function}.app").handler
        return json.loads(json.dumps(handler(json.loads(json.dumps(event)), context or Context())))

    def answer(self, function: str, event: dict[str, Any]) -> Answer:
        """What a function behind a route answers."""
        given = self.invoke(function, event)
        body = json.loads(given["body"]) if given["body"] else None
        return Answer(given["statusCode"], given["headers"], body)

    def forget_wiring(self) -> None:
        """The next call is of a new sandbox, which reads its environment."""
        forget_wiring()

    def import_anew(self, function: str) -> None:
        """The next call is of a new sandbox, in which what is read at import is read from its environment."""
        importlib.reload(importlib.import_module(f"functions.{function}.app"))

    def log_in(self) -> dict[str, Any]:
        """The token response of a login by the recorded event."""
        body: dict[str, Any] = self.answer("login", recorded("login")).body
        return body


def recorded(name: str, *, body: Any = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """An event of tests/events, with another body, JSON or a form as recorded, and further headers."""
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    if body is not None:
        event["body"] = urlencode(body) if is_form(event) else json.dumps(body)
    for key, value in (headers or {}).items():
        event["headers"][key] = value
        event["multiValueHeaders"][key] = [value]
    return event


def is_form(event: dict[str, Any]) -> bool:
    return "application/x-www-form-urlencoded" in (event.get("headers") or {}).values()


def recorded_from(
    tokens: dict[str, Any],
    name: str,
    *,
    user_id: str = USER_ID,
    body: object = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """A recorded event of a protected route, as it comes from the holder of these tokens."""
    event = recorded(name, body=body, headers=headers)
    event["requestContext"]["authorizer"] |= {
        "principalId": user_id,
        "sub": user_id,
        "sid": tokens["session_id"],
    }
    return event


class _Kept(logging.Handler):
    """Keeps each line, as it goes to the log."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(audit.logger.registered_formatter)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture(autouse=True)
def every_line_is_as_documented() -> Iterator[None]:
    """By docs/events.schema.json."""
    kept = _Kept()
    log = logging.getLogger(audit.logger.name)
    log.addHandler(kept)
    yield
    log.removeHandler(kept)
    assert [problem for line in kept.lines for problem in event_lines.problems_of(json.loads(line))] == []


# Once for all modules, as it takes longer than most tests: the RSA key that moto makes with every KMS key.
_rsa_key = functools.cache(generate_private_key)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """The tables on moto for all tests of a module, which empty them; gives the KMS key's id."""
    with mock_aws(), pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        environment.setattr(moto_kms, "generate_private_key", _rsa_key)
        # moto is inside the SDK. What the authorizer reads without it, it reads in tests/test_dynamodb.py.
        environment.setattr(authorizer_wiring, "reads", lambda: wiring.dynamodb())  # noqa: PLW0108 - it is no cache to forget
        forget_wiring()
        create_tables(wiring.dynamodb())
        yield wiring.kms().create_key()["KeyMetadata"]["KeyId"]
        forget_wiring()


@pytest.fixture(scope="module")
def key_rows(moto: str) -> Any:
    """The rows of the keys, moto's own: to encrypt keys and to write them takes longer than most tests."""
    add_keys(stores_on(wiring.dynamodb()), moto)
    return copy.deepcopy(moto_tables()["Keys"].items)


@pytest.fixture
def hasher(monkeypatch: pytest.MonkeyPatch) -> PasswordHasher:
    """A quick one: hashing takes longer than all else. Modules whose tests are about it override this."""
    monkeypatch.setattr(passwords, "_hasher", lambda _: WEAK)
    return WEAK


@pytest.fixture
def stack(moto: str, key_rows: Any, hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch) -> Stack:
    for table in moto_tables().values():
        table.items.clear()
    moto_tables()["Keys"].items = copy.deepcopy(key_rows)
    forget_wiring(but={"dynamodb", "kms"})
    stores = stores_on(wiring.dynamodb())
    set_environment(monkeypatch, moto)
    stores.accounts.create(
        a_user(logged_out_at=0), a_credential(password_hash=hasher.hash(PASSWORD, salt=b"0123456789abcdef"))
    )
    return Stack(stores)


def set_environment(monkeypatch: pytest.MonkeyPatch, kms_key_id: str) -> None:
    for name, value in environment_of(kms_key_id).items():
        monkeypatch.setenv(name, value)


def moto_tables() -> dict[str, Any]:
    """moto's own, by name."""
    found: dict[str, Any] = dynamodb_backends["123456789012"]["us-east-1"].tables
    return found


def add_keys(stores: Stores, kms_key_id: str) -> None:
    """The keys of tests/things, as KMS would have made them: moto has no GenerateDataKeyPair."""
    private = SIGNING_KEY.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    public = SIGNING_KEY.private_key.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    made = {
        Purpose.ACCESS_TOKEN: (SIGNING_KEY.kid, private, public),
        Purpose.REFRESH_TOKEN: (MAC_KEY.key_id, MAC_KEY.secret, None),
    }
    for purpose, (key_id, secret, public_key) in made.items():
        encrypted = wiring.kms().encrypt(
            KeyId=kms_key_id,
            Plaintext=secret,
            EncryptionContext={"purpose": purpose.value, "stack": SETTINGS.stack},
        )["CiphertextBlob"]
        entry = KeyEntry(key_id, signs_from=0, encrypted_key=encrypted, public_key=public_key)
        stores.key_sets.replace(stores.key_sets.read(purpose), (entry,))


def forget_wiring(*, but: Collection[str] = ()) -> None:
    """The next call is of a new sandbox; `but` names what it may take over: clients take long to make."""
    for name, built in [*vars(wiring).items(), *vars(authorizer_wiring).items()]:
        if hasattr(built, "cache_clear") and name not in but:
            built.cache_clear()
