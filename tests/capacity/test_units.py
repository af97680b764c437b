"""What a call takes, by DynamoDB's rules, on rows whose sizes can be counted by hand."""

from collections import Counter
from typing import Any

import pytest

from rescind.store.session_rows import session_item
from rescind.store.user_rows import user_item
from rescind.web.accounts import MAX_CLAIMS_BYTES
from tests.capacity.units import Tables, Units, read_units, size_of, units_of, write_units
from tests.things import a_session, a_user

KEYS = {"Users": ("user_id",), "Sessions": ("user_id", "session_id")}


def of_bytes(size: int, **attributes: Any) -> dict[str, Any]:
    """A row of that size."""
    row = {"user_id": {"S": "ada"}, **attributes, "x": {"S": ""}}
    return row | {"x": {"S": "x" * (size - size_of(row))}}


@pytest.mark.parametrize(
    ("attribute", "size"),
    [
        pytest.param({"S": "é"}, 2, id="text-in-utf-8"),
        pytest.param({"N": "7"}, 2, id="one-digit"),
        pytest.param({"N": "1800000000"}, 6, id="ten-digits"),
        pytest.param({"N": "-12"}, 3, id="below-zero"),
        pytest.param({"B": b"abc"}, 3, id="bytes"),
        pytest.param({"BOOL": True}, 1, id="boolean"),
        pytest.param({"L": [{"S": "a"}, {"S": "b"}]}, 7, id="list"),
        pytest.param({"M": {"ab": {"S": "c"}}}, 7, id="map"),
    ],
)
def test_a_row_is_as_large_as_its_names_and_values(attribute: dict[str, Any], size: int) -> None:
    assert size_of({"n": attribute}) == 1 + size


@pytest.mark.parametrize(("size", "units"), [(1, 1), (4096, 1), (4097, 2)])
def test_a_strong_read_takes_one_unit_for_each_4_kb(size: int, units: int) -> None:
    row = of_bytes(size) if size > 1 else {}

    assert read_units([row]) == units


def test_a_read_of_nothing_is_paid() -> None:
    assert read_units([None]) == 1


def test_a_query_rounds_once_and_a_batch_each_row() -> None:
    rows = [of_bytes(3000, session_id={"S": name}) for name in ("laptop", "phone")]
    tables = Tables({"Sessions": list(rows)}, KEYS)
    values = {":user_id": {"S": "ada"}}
    keys = [{name: row[name] for name in KEYS["Sessions"]} for row in rows]

    query = {"TableName": "Sessions", "ExpressionAttributeValues": values, "ConsistentRead": True}
    batch = {"RequestItems": {"Sessions": {"Keys": keys, "ConsistentRead": True}}}

    assert units_of("Query", query, tables, tables) == Units(reads=Counter(Sessions=2))
    assert units_of("BatchGetItem", batch, tables, tables) == Units(reads=Counter(Sessions=2))
    small = Tables({"Sessions": [of_bytes(1000, session_id=row["session_id"]) for row in rows]}, KEYS)
    assert units_of("Query", query, small, small) == Units(reads=Counter(Sessions=1))
    assert units_of("BatchGetItem", batch, small, small) == Units(reads=Counter(Sessions=2))


def test_a_write_takes_units_of_the_larger_row_of_before_and_after() -> None:
    assert write_units(of_bytes(1025), of_bytes(100)) == 2
    assert write_units(None, of_bytes(1024)) == 1
    assert write_units(of_bytes(2000), None) == 2


def test_a_failed_condition_is_paid_as_a_write_of_what_is_there() -> None:
    tables = Tables({"Users": [of_bytes(1500)]}, KEYS)
    request = {"TableName": "Users", "Key": {"user_id": {"S": "ada"}}}

    assert units_of("UpdateItem", request, tables, tables) == Units(writes=Counter(Users=2))


def test_a_transaction_takes_twice_as_much() -> None:
    tables = Tables({"Users": [of_bytes(100)]}, KEYS)
    put = {"Put": {"TableName": "Users", "Item": of_bytes(100)}}

    taken = units_of("TransactWriteItems", {"TransactItems": [put]}, tables, tables)

    assert taken == Units(writes=Counter(Users=2))


def test_a_read_that_is_not_strong_has_no_place_here() -> None:
    tables = Tables({"Users": []}, KEYS)

    with pytest.raises(ValueError, match="strong"):
        units_of("GetItem", {"TableName": "Users", "Key": {"user_id": {"S": "ada"}}}, tables, tables)


def test_no_client_can_make_a_session_larger_than_one_unit() -> None:
    fullest = a_session(user_agent="é" * 256, ip="2001:db8:1111:2222:3333:4444:5555:6666")

    assert size_of(session_item(fullest)) <= 1024


def test_what_admins_give_a_user_can_cost_three_writes_and_no_further_read() -> None:
    fullest = user_item(a_user(claims="x" * MAX_CLAIMS_BYTES, username="é" * 128, scope="s" * 256))

    assert write_units(None, fullest) == 3
    assert read_units([fullest]) == 1
