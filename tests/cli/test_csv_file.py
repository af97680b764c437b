"""A CSV file of users is read to the letter, or refused with its line and none of its content."""

import csv
import hashlib
import io
import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescind.rules.imported_hashes import imported_hash
from rescind_cli.importing.csv_file import COLUMNS, CsvError, Row, check, rows_of

HASH = "$2b$04$abcdefghijklmnopqrstuuIUmT9Fs7Yk4ESmNZ0x9hr7wzJp1NCwK"


def read(text: str | bytes) -> list[Row]:
    return list(rows_of(io.BytesIO(text.encode() if isinstance(text, str) else text)))


def users(text: str | bytes) -> list[dict[str, Any]]:
    return [row.user for row in read(text)]


def test_the_example_of_the_document_is_what_is_accepted() -> None:
    document = (Path(__file__).parents[2] / "docs" / "importing.md").read_text(encoding="utf-8")
    [example] = re.findall(r"^```csv\n(.*?)^```", document, flags=re.DOTALL | re.MULTILINE)

    shown = users(example)

    assert [user["username"] for user in shown] == ["ada", "alan", "grace", "kurt"]
    assert [imported_hash(user.get("password_hash", "")) for user in shown]
    assert shown[0]["claims"] == {"old_id": 17}


def test_columns_come_in_any_order_and_any_number() -> None:
    assert users(f"scope,username,password_hash\norders:read,ada,{HASH}\n") == [
        {"username": "ada", "password_hash": HASH, "scope": "orders:read"}
    ]
    assert users("username\nada\nalan") == [{"username": "ada"}, {"username": "alan"}]


def test_an_empty_cell_says_nothing_but_for_the_username() -> None:
    assert users(f"{','.join(COLUMNS)}\n,,,,\n") == [{"username": ""}]


def test_claims_are_json() -> None:
    assert users('username,claims\nada,"{""plan"": ""gold"", ""seats"": [1]}"\n') == [
        {"username": "ada", "claims": {"plan": "gold", "seats": [1]}}
    ]


@pytest.mark.parametrize("cell", ["gold", "{", "NaN", "1e999", "[" * 16_000])
def test_claims_that_are_no_json_are_left_for_the_service_to_refuse(cell: str) -> None:
    assert users(f"username,claims\nada,{cell}\n") == [{"username": "ada", "claims": cell}]


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_a_row_knows_the_line_where_it_begins(newline: str) -> None:
    lines = ["", "username,scope", '"ada","a', 'b"', "", "alan,x", '"kurt ""the"" g",', ""]

    assert [(row.line, row.user["username"]) for row in read(newline.join(lines))] == [
        (3, "ada"),
        (6, "alan"),
        (7, 'kurt "the" g'),
    ]


def test_a_byte_order_mark_is_no_part_of_the_header() -> None:
    assert users(b"\xef\xbb\xbfusername\r\n\xc3\xa4da\r\n") == [{"username": "\u00e4da"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "there is no header. Its first line names the columns: username, ", id="empty"),
        pytest.param("\n\n", "there is no header.", id="blank-lines"),
        pytest.param("username,mail\nada,a@b\n", "line 1 has unknown columns: mail. ", id="unknown-column"),
        pytest.param("username,,\nada,,\n", "line 1 is no header", id="nameless-column"),
        pytest.param("username;scope\nada;x\n", "line 1 is no header of columns with commas", id="semicolon"),
        pytest.param(f"ada,{HASH}\n", "line 1 is no header of columns", id="no-header"),
        pytest.param("ada,correct-horse\n", "line 1 is no header of columns", id="no-header-but-a-password"),
        pytest.param("username,username\na,b\n", "line 1 has a column twice.", id="twice"),
        pytest.param("scope\nx\n", "line 1 has no column username.", id="no-username"),
        pytest.param("username,password\nada,x\n", "line 1 has a column password. ", id="password"),
        pytest.param(
            "username,scope\na,b\nada\n", "line 3 has not the 2 columns of the header, but 1.", id="short"
        ),
        pytest.param(
            "username,scope\na,b,c\n", "line 2 has not the 2 columns of the header, but 3.", id="long"
        ),
        pytest.param(b"username\nada\n\xe4da\n", "line 3 is not UTF-8.", id="latin-1"),
        pytest.param("username\nada".encode("utf-16"), "line 1 is not UTF-8.", id="utf-16"),
        pytest.param('username\nada\n"alan\nkurt\n', "line 3 is not CSV: ", id="open-quote"),
        pytest.param('username\n"ada"a\n', "line 2 is not CSV: ", id="behind-a-quote"),
        pytest.param(f"username\n{'a' * 200_000}\n", "line 2 is not CSV: ", id="huge-cell"),
        pytest.param(f"username,scope\n{'a' * 9_000},{'b' * 9_000}\n", "line 2 is longer ", id="huge-row"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_line(text: str | bytes, said: str) -> None:
    with pytest.raises(CsvError) as refused:
        read(text)

    assert str(refused.value).startswith(said)
    assert HASH[:20] not in str(refused.value)


def test_a_file_is_counted_and_known_by_its_content() -> None:
    text = b"username\nada\nalan\n"

    checked = check(io.BytesIO(text))

    assert (checked.rows, checked.sha256) == (2, hashlib.sha256(text).hexdigest())


def test_a_long_file_is_not_held_in_memory() -> None:
    def lines() -> Iterator[bytes]:
        yield b"username,password_hash\n"
        for number in range(20_000):
            yield f"user-{number},{HASH}\n".encode()

    tracemalloc.start()
    count = sum(1 for _ in rows_of(lines()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 20_000
    assert peak < 500_000


cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(rows=st.lists(st.tuples(cells, cells, cells), max_size=5))
def test_whatever_a_csv_writer_writes_is_read_back(rows: list[tuple[str, str, str]]) -> None:
    names = ("scope", "username", "password_hash")
    text = io.StringIO(newline="")
    csv.writer(text).writerows([names, *rows])

    assert users(text.getvalue()) == [
        {name: cell for name, cell in zip(names, row, strict=True) if cell or name == "username"}
        for row in rows
    ]
