"""What needs copies of a process is left out where the machine makes none."""

import pytest

from tests.snapstart.copies import NoNamespacesError, told_by_a_copy


@pytest.fixture(scope="session")
def copies() -> None:
    try:
        told_by_a_copy(dict)
    except NoNamespacesError as error:
        pytest.skip(f"A copy of a process needs a PID namespace, which cannot be made here: {error}.")
