"""Whether an answer of AWS can be believed; also as handlers of botocore's events, for `sdk.py`."""

import json
from collections.abc import Mapping
from typing import Any
from zlib import crc32

from rescind.unavailable import UnavailableError


def refuse_unreadable(response_dict: Mapping[str, Any], **_: Any) -> None:
    """Botocore reads a success that is not JSON as {}: for a read "no such item", for a write "done".

    Raises:
        UnavailableError: it is not a JSON object.
    """
    if response_dict["status_code"] >= 300:  # noqa: PLR2004 - HTTP's own number
        return
    try:
        readable = isinstance(json.loads(response_dict["body"]), dict)
    except ValueError:
        readable = False
    # A damaged one the SDK asks for again.
    if not readable and not is_damaged(response_dict["headers"], response_dict["body"]):
        raise UnavailableError("an answer that is not JSON")


def refuse_damaged(http_response: Any, **_: Any) -> None:
    """After its last try, botocore takes an answer whose checksum is wrong.

    Raises:
        UnavailableError: it is wrong.
    """
    if is_damaged(http_response.headers, http_response.content):
        raise UnavailableError("an answer whose checksum is wrong")


def is_damaged(headers: Mapping[str, str], body: bytes) -> bool:
    """By the CRC-32 that DynamoDB sends with each answer."""
    checksum = headers.get("x-amz-crc32")
    return checksum is not None and checksum != str(crc32(body))
