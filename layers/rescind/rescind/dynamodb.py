"""DynamoDB's reads without the SDK: one signed request on a connection that stays open. For the authorizer.

The SDK's client takes longer for a call than all else that the authorizer does, and most of a cold start
(docs/performance.md). This one has its arguments and answers, and what `sdk.py` gives it: short deadlines,
one more try, no connection that was idle for long, no damaged answer.
"""

import base64
import json
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from rescind import deadline
from rescind.answers import is_damaged
from rescind.connection import Answer, BadAnswerError, Connection
from rescind.signing import Signer
from rescind.unavailable import UnavailableError

IDLE_SECONDS = 60
"""Whatever lies between may have forgotten a connection by then, without a word."""
_LONGEST_PAUSE_MS = 250
_TRY_AGAIN = {"ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"}


class _TryAgainError(Exception):
    """A try that failed in a way that may have passed."""


class _StaleConnectionError(_TryAgainError):
    """A connection that was open before: the other side had closed it."""


class DynamoDBReads:
    def __init__(self, endpoint: str, signer: Signer, *, read_seconds: float = deadline.READ_SECONDS) -> None:
        """`endpoint` is `https://<host>`, or `http://<host>:<port>` of an emulator."""
        parts = urlsplit(endpoint)
        self._host, self._is_encrypted = parts.netloc, parts.scheme == "https"
        self._address = parts.hostname or "", parts.port or (443 if self._is_encrypted else 80)
        self._signer = signer
        self._read_seconds = read_seconds
        self._connection: Connection | None = None
        self._used_at = 0.0

    def get_item(self, **parameters: Any) -> Mapping[str, Any]:
        return self._call("GetItem", parameters)

    def batch_get_item(self, **parameters: Any) -> Mapping[str, Any]:
        return self._call("BatchGetItem", parameters)

    def query(self, **parameters: Any) -> Mapping[str, Any]:
        return self._call("Query", parameters)

    def close(self) -> None:
        """Forget the connection; the next call opens one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _call(self, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        body = json.dumps(parameters).encode()
        if not deadline.allows_first_try():
            raise UnavailableError("no time is left for a try")
        try:
            return self._try(operation, body)
        except _TryAgainError as error:
            if not deadline.allows_second_try():
                raise UnavailableError(str(error)) from error
            if not isinstance(error, _StaleConnectionError):
                # At random, as all sandboxes may have met the same.
                time.sleep(secrets.randbelow(_LONGEST_PAUSE_MS + 1) / 1000)
        try:
            return self._try(operation, body)
        except _TryAgainError as error:
            raise UnavailableError(str(error)) from error

    def _try(self, operation: str, body: bytes) -> Mapping[str, Any]:
        connection, is_new = self._open_connection()
        now = time.time()
        headers = self._signer.headers(self._host, f"DynamoDB_20120810.{operation}", body, now=now)
        try:
            answer = connection.post(headers, body)
        except BaseException as error:
            self.close()
            if not isinstance(error, OSError | BadAnswerError):
                raise
            is_stale = not is_new and isinstance(error, ConnectionError)
            failed = _StaleConnectionError if is_stale else _TryAgainError
            raise failed(type(error).__name__) from error
        self._used_at = now
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        if is_damaged(answer.headers, answer.body):
            raise _TryAgainError("an answer whose checksum is wrong")
        if answer.status != 200:  # noqa: PLR2004 - HTTP's own number
            raise _failure(answer)
        return _members(answer.body)

    def _open_connection(self) -> tuple[Connection, bool]:
        """The one of before, where it may still be one; and whether it is new."""
        # By the clock on the wall: the other one may have stood still while the sandbox was frozen.
        is_young = 0 <= time.time() - self._used_at <= IDLE_SECONDS
        if self._connection is not None and is_young and self._connection.is_quiet():
            return self._connection, False
        self.close()
        host, port = self._address
        try:
            self._connection = Connection.to(
                host, port=port, is_encrypted=self._is_encrypted, read_seconds=self._read_seconds
            )
        except OSError as error:
            raise _TryAgainError(type(error).__name__) from error
        return self._connection, True


def _failure(answer: Answer) -> Exception:
    code = f"HTTP {answer.status}"
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        code = str(json.loads(answer.body)["__type"]).rpartition("#")[2]
    if answer.status >= 500 or code in _TRY_AGAIN:  # noqa: PLR2004 - HTTP's own number
        return _TryAgainError(code)
    return UnavailableError(code)


def _members(body: bytes) -> Mapping[str, Any]:
    try:
        members = json.loads(body, object_hook=_binary if b'"B"' in body else None)
    except (ValueError, RecursionError) as error:
        raise UnavailableError("an answer that is not JSON") from error
    if not isinstance(members, dict):
        raise UnavailableError("an answer that is not JSON")
    if not _has_rows_for_rows(members):
        raise UnavailableError("an answer of another shape")
    return members


def _has_rows_for_rows(members: dict[str, Any]) -> bool:
    try:
        rows = [members.get("Item", {}), *members.get("Items", ())]
        for of_table in members.get("Responses", {}).values():
            rows += of_table
    except (AttributeError, TypeError):
        return False
    return all(isinstance(row, dict) for row in rows)


def _binary(value: dict[str, Any]) -> dict[str, Any]:
    """Binary attributes as bytes, as the SDK gives them."""
    if value.keys() == {"B"} and isinstance(value["B"], str):
        return {"B": base64.b64decode(value["B"], validate=True)}
    return value
