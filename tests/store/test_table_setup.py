"""What is told of the tables themselves, on moto and on ministack: somebody may have changed it by hand."""

import secrets
from typing import Any

import pytest

from rescind.store.table_setup import TableSetup, TableSetups
from tests.tables import create_tables


@pytest.fixture(params=["moto", pytest.param("ministack", marks=pytest.mark.ministack)])
def client(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(f"{request.param}_client")


@pytest.fixture
def prefix(client: Any) -> str:
    prefix = f"{secrets.token_hex(4)}-"
    create_tables(client, prefix=prefix)
    return prefix


def condition_of(client: Any, name: str) -> TableSetup:
    [found] = TableSetups(client, tables={"sessions": name}).of_all()
    return found


def test_a_table_that_nobody_has_set_up_forgets_nothing_and_is_lost_when_it_is_lost(
    client: Any, prefix: str
) -> None:
    assert condition_of(client, f"{prefix}Sessions") == TableSetup(
        table="sessions",
        name=f"{prefix}Sessions",
        status="ACTIVE",
        ttl=None,
        recoverable=False,
        deletion_protected=False,
    )


def test_what_was_switched_on_is_told(client: Any, prefix: str) -> None:
    name = f"{prefix}Sessions"
    client.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": True}
    )
    client.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    client.update_table(TableName=name, DeletionProtectionEnabled=True)

    found = condition_of(client, name)

    assert (found.ttl, found.recoverable, found.deletion_protected) == ("ttl", True, True)


def test_what_was_switched_off_again_is_told(client: Any, prefix: str) -> None:
    name = f"{prefix}Sessions"
    for enabled in (True, False):
        client.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": enabled}
        )

    assert condition_of(client, name).ttl is None


def test_a_table_that_is_not_there_hides_no_other(client: Any, prefix: str) -> None:
    tables = {"users": f"{prefix}Nowhere", "sessions": f"{prefix}Sessions"}

    gone, there = TableSetups(client, tables=tables).of_all()

    assert gone == TableSetup(
        "users", f"{prefix}Nowhere", failure="describe_table: ResourceNotFoundException"
    )
    assert there.status == "ACTIVE"
