"""A deployment of its own, on a DynamoDB and KMS that others use too: tables, a KMS key, an environment."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields

import pytest

from rescind import sdk
from tests.tables import Stores, create_tables, stores_on
from tests.things import SETTINGS

API_URL = "https://api.example/prod"  # where the canary asks


@dataclass(frozen=True)
class Deployment:
    prefix: str
    """Of the tables' names."""
    stores: Stores
    environment: Mapping[str, str]
    """What its functions have there, beside the way to AWS."""


@contextmanager
def deployed(endpoint: str, *, kms: str | None = None) -> Iterator[Deployment]:
    """Its environment is this process's until the end; KMS may be at another endpoint."""
    with pytest.MonkeyPatch.context() as process:
        process.setenv("AWS_ENDPOINT_URL", endpoint)
        if kms:
            process.setenv("AWS_ENDPOINT_URL_KMS", kms)
        process.setenv("AWS_ACCESS_KEY_ID", "testing")
        process.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        process.setenv("AWS_DEFAULT_REGION", "us-east-1")
        dynamodb, prefix = sdk.client("dynamodb"), f"{secrets.token_hex(4)}-"
        create_tables(dynamodb, prefix=prefix)
        key_id = sdk.client("kms").create_key()["KeyMetadata"]["KeyId"]
        environment = environment_of(key_id, prefix=prefix)
        for name, value in environment.items():
            process.setenv(name, value)
        yield Deployment(prefix, stores_on(dynamodb, prefix=prefix), environment)
        dynamodb.close()


def environment_of(kms_key_id: str, *, prefix: str = "") -> dict[str, str]:
    """The settings of tests/things, as the functions read them, for tables of this prefix."""
    environment = {}
    for setting in fields(SETTINGS):
        value = getattr(SETTINGS, setting.name)
        text = ",".join(value) if isinstance(value, frozenset) else str(value)
        environment[setting.name.upper()] = prefix + text if setting.name.endswith("_table") else text
    return {**environment, "KMS_KEY_ID": kms_key_id, "API_URL": API_URL}
