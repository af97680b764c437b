"""The tables, keys and clients that faults happen to: on ministack, behind the proxy."""

import functools
import secrets
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from typing import Any
from urllib.error import HTTPError

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from rescind import wiring
from rescind.rules import passwords
from rescind.rules.key_set import KeyEntry, KeySet, Purpose
from tests.faults.plan import Plan
from tests.faults.proxy import running_proxy
from tests.faults.tables import KEYS, Tables
from tests.faults.world import World
from tests.functions.api_in_process import Reply, reply
from tests.functions.conftest import WEAK, forget_wiring, set_environment
from tests.tables import Stores, create_tables, stores_on
from tests.things import MAC_KEY, PASSWORD, SETTINGS, SIGNING_KEY


@contextmanager
def deployed(ministack: str) -> Iterator[World]:
    """A world on tables of its own."""
    with pytest.MonkeyPatch.context() as patch, running_proxy(ministack) as proxy:
        patch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        forget_wiring()
        plan = Plan(proxy)
        for service in ("dynamodb", "kms"):
            patch.setattr(wiring, service, functools.partial(plan.client, service))
        prefix = f"{secrets.token_hex(4)}-"
        create_tables(wiring.dynamodb(), prefix=prefix)
        set_environment(patch, wiring.kms().create_key()["KeyMetadata"]["KeyId"])
        for table in KEYS:
            patch.setenv(f"{table.upper()}_TABLE", prefix + table)
        patch.setattr(passwords, "_hasher", lambda _: WEAK)
        patch.setattr(urllib.request, "urlopen", _Api())
        # The SDK's pause between its tries, and the canary's.
        patch.setattr(time, "sleep", lambda _: None)
        stores, tables = stores_on(wiring.dynamodb(), prefix=prefix), Tables(ministack, prefix=prefix)
        _add_keys(stores)
        password_hash = WEAK.hash(PASSWORD, salt=b"0123456789abcdef")
        yield World(stores, tables, plan, tables.rows()["Keys"], password_hash)
        forget_wiring()


def _add_keys(stores: Stores) -> None:
    """One of each kind, as KMS would have made it: those of tests/things."""
    private = SIGNING_KEY.private_key
    made = {
        Purpose.ACCESS_TOKEN: (
            SIGNING_KEY.kid,
            private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
            private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        ),
        Purpose.REFRESH_TOKEN: (MAC_KEY.key_id, MAC_KEY.secret, None),
    }
    for purpose, (key_id, secret, public) in made.items():
        context = {"purpose": purpose.value, "stack": SETTINGS.stack}
        encrypted = wiring.kms().encrypt(
            KeyId=wiring.settings().kms_key_id, Plaintext=secret, EncryptionContext=context
        )["CiphertextBlob"]
        stores.key_sets.replace(KeySet(purpose, 0, ()), (KeyEntry(key_id, 0, encrypted, public),))


class _Api:
    """What the canary asks: it does as it should."""

    def __init__(self) -> None:
        self._logged_out = False

    def __call__(self, request: urllib.request.Request, **_: Any) -> Reply:
        name = request.full_url.rpartition("/")[2]
        if name == "me" and self._logged_out:
            raise HTTPError(request.full_url, 401, "", Message(), Reply(401, b""))
        self._logged_out = name == "logout"
        answers = {"login": {"access_token": "a token"}, "logout": {"revoked": "session"}, "me": {}}
        return reply(200, answers[name])
