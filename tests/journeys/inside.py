"""The tables and keys behind a gateway, for what no route does alone."""

from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from rescind import sdk
from rescind.keyring import Keyring
from rescind.keys import KeyService
from rescind.store.key_set import KeySets


@dataclass(frozen=True)
class Inside:
    keyring: Keyring
    dynamodb: Any
    tables: dict[str, str]


def inside_of(endpoint: str, stack: str) -> Inside:
    """Of a stack in the AWS at that endpoint, or, where it is empty, in the real one."""
    with pytest.MonkeyPatch.context() as environment:
        if endpoint:
            environment.setenv("AWS_ENDPOINT_URL", endpoint)
        dynamodb, kms = sdk.client("dynamodb"), sdk.client("kms")
        pages = boto3.client("cloudformation").get_paginator("list_stack_resources")
        names = {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for page in pages.paginate(StackName=stack)
            for each in page["StackResourceSummaries"]
        }
    key_service = KeyService(lambda: kms, kms_key_id=names["EncryptionKey"], stack=stack)
    keyring = Keyring(KeySets(dynamodb, table=names["KeysTable"]), key_service)
    return Inside(keyring, dynamodb, names)
