"""The tables as they are, past SDK and proxy: there are thousands of cells, and each looks at all rows."""

import json
from collections.abc import Iterable, Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from tests.tables import table_keys

Row = dict[str, Any]
Rows = Mapping[str, Iterable[Row]]
"""By table, without the prefix of its name."""

_CREDENTIAL = "Credential=testing/20260101/us-east-1/dynamodb/aws4_request"
_AT_ONCE = 25


class Tables:
    def __init__(self, ministack: str, *, prefix: str) -> None:
        self._connection = HTTPConnection(urlsplit(ministack).netloc, timeout=30)
        self._prefix = prefix
        self._seen: dict[tuple[str, str], Row] = {}
        """The keys of all rows that are there."""
        self.written = True
        """Whether there may be others by now."""

    def close(self) -> None:
        self._connection.close()

    def rows(self) -> dict[str, list[Row]]:
        rows = {table: self._ask("Scan", TableName=self._prefix + table)["Items"] for table in table_keys()}
        self._note(rows)
        self.written = False
        return rows

    def begin_with(self, rows: Rows) -> None:
        """These rows, and no others."""
        if self.written:
            self.rows()
        self._note(rows)
        ours = {_spelt(table, row): row for table in rows for row in rows[table]}
        changes = [
            (table, {"PutRequest": {"Item": ours[table, key]}})
            if (table, key) in ours
            else (table, {"DeleteRequest": {"Key": self._seen[table, key]}})
            for table, key in self._seen
        ]
        for begin in range(0, len(changes), _AT_ONCE):
            asked: dict[str, list[Row]] = {}
            for table, change in changes[begin : begin + _AT_ONCE]:
                asked.setdefault(self._prefix + table, []).append(change)
            assert not self._ask("BatchWriteItem", RequestItems=asked)["UnprocessedItems"]
        self._seen = {name: key for name, key in self._seen.items() if name in ours}

    def empty(self, table: str) -> None:
        """No row of it is left."""
        rows = self.rows()
        self.begin_with(rows | {table: []})

    def _note(self, rows: Rows) -> None:
        for table in rows:
            for row in rows[table]:
                self._seen[_spelt(table, row)] = {name: row[name] for name in table_keys()[table]}

    def _ask(self, operation: str, **parameters: Any) -> Row:
        headers = {
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": f"AWS4-HMAC-SHA256 {_CREDENTIAL}, SignedHeaders=host, Signature=0",
        }
        try:
            return self._answer(json.dumps(parameters), headers)
        except (OSError, HTTPException):
            self._connection.close()  # ministack does so with one that nobody has used for a while.
            return self._answer(json.dumps(parameters), headers)

    def _answer(self, body: str, headers: dict[str, str]) -> Row:
        self._connection.request("POST", "/", body, headers)
        answer = self._connection.getresponse()
        given: Row = json.loads(answer.read())
        assert answer.status == 200, given
        return given


def _spelt(table: str, row: Row) -> tuple[str, str]:
    return table, " ".join(row[name]["S"] for name in table_keys()[table])
