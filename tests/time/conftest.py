"""What the tests of time share: a service on moto with the keys of the functions' tests."""

import pytest

from rescind import wiring
from tests.functions.conftest import Stack, hasher, key_rows, moto, stack
from tests.service import Service

__all__ = ["hasher", "key_rows", "moto", "stack"]


@pytest.fixture
def service(stack: Stack) -> Service:
    """On moto, which keeps every row until a test deletes it."""
    return Service(stack.stores, {"dynamodb": wiring.dynamodb(), "kms": wiring.kms()})
