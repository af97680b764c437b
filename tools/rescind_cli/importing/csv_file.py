"""A CSV file of users, row by row: strictly read, never held as a whole, and none of it in a message."""

import csv
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

COLUMNS = ("username", "password_hash", "scope", "claims", "status")
# What a user may have is far less; and a batch of such rows is still less than an invocation may carry.
_LONGEST_ROW = 16_384
_BOM = b"\xef\xbb\xbf"
# What may be named in a message: a first line that is no header may hold a hash.
_NAME = re.compile(r"[A-Za-z0-9 _-]{1,40}")


class CsvError(Exception):
    """The file cannot be imported; the message names the line, and nothing of what it holds."""


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    """Where in the file the row begins, counted from 1."""
    user: dict[str, Any] = field(repr=False)
    """As `importUsers` takes them. Empty cells are absent."""


@dataclass(frozen=True, slots=True)
class Checked:
    rows: int
    sha256: str


def check(file: BinaryIO) -> Checked:
    """Read the whole file and count its users.

    Raises:
        CsvError: a line is none that can be imported.
    """
    digest = hashlib.sha256()

    def hashed() -> Iterator[bytes]:
        for line in file:
            digest.update(line)
            yield line

    rows = sum(1 for _ in rows_of(hashed()))
    return Checked(rows, digest.hexdigest())


def rows_of(lines: Iterable[bytes]) -> Iterator[Row]:
    """The users of a file: a header that names columns, in any order, then a row for each.

    Raises:
        CsvError: it is not UTF-8, not CSV (RFC 4180), or a row has not the columns of the header.
    """
    reader = csv.reader(_decoded(lines), strict=True)
    columns: list[str] | None = None
    while True:
        begin = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise CsvError(f"line {begin} is not CSV: {error}.") from error
        if cells is None:
            break
        if not cells:
            continue  # an empty line
        if columns is None:
            columns = _columns(cells, begin)
        elif len(cells) != len(columns):
            raise CsvError(
                f"line {begin} has not the {len(columns)} columns of the header, but {len(cells)}."
            )
        elif sum(map(len, cells)) > _LONGEST_ROW:
            raise CsvError(
                f"line {begin} is longer than {_LONGEST_ROW} characters, and no user needs as many."
            )
        else:
            yield Row(begin, _user(dict(zip(columns, cells, strict=True))))
    if columns is None:
        raise CsvError(f"there is no header. Its first line names the columns: {_any_of_them()}.")


def _decoded(lines: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        try:
            yield (line.removeprefix(_BOM) if number == 1 else line).decode("utf-8")
        except UnicodeDecodeError as error:
            raise CsvError(f"line {number} is not UTF-8.") from error


def _columns(cells: list[str], line: int) -> list[str]:
    columns = [cell.strip() for cell in cells]
    if "password" in columns:
        raise CsvError(
            f"line {line} has a column password. Passwords in clear are not imported, and a file of them "
            "is a leak: hash them first, with bcrypt or argon2id, and call the column password_hash."
        )
    unknown = [column for column in columns if column not in COLUMNS]
    # Without a header the first line is somebody's, and what stands for their hash is not to be shown.
    if unknown and ("username" not in columns or not all(_NAME.fullmatch(column) for column in unknown)):
        raise CsvError(
            f"line {line} is no header of columns with commas between. It names any of {_any_of_them()}."
        )
    if unknown:
        raise CsvError(
            f"line {line} has unknown columns: {', '.join(unknown)}. There may be {_any_of_them()}."
        )
    if len(set(columns)) != len(columns):
        raise CsvError(f"line {line} has a column twice.")
    if "username" not in columns:
        raise CsvError(f"line {line} has no column username.")
    return columns


def _any_of_them() -> str:
    return ", ".join(COLUMNS)


def _user(cells: dict[str, str]) -> dict[str, Any]:
    user: dict[str, Any] = {name: cell for name, cell in cells.items() if cell or name == "username"}
    if "claims" in user:
        user["claims"] = _claims(user["claims"])
    return user


def _claims(text: str) -> Any:
    """What the cell says in JSON; else the cell itself, so that the service refuses that row alone."""
    try:
        claims = json.loads(text)
        json.dumps(claims, allow_nan=False)
    except (ValueError, RecursionError):
        return text
    return claims
