"""What an operator asks for a page at a time: how much, and where to go on."""

import re
from collections.abc import Mapping
from typing import Any

from rescind.web.requests import InvalidRequestError, optional_text

MAX_SEGMENTS = 1000

# A cursor of another segment would pass over users without a word, so each says whose it is.
_CURSOR = re.compile(r"([0-9]{1,4})/([0-9]{1,4})/(.+)", re.DOTALL)


def cursor(user_id: str | None, *, segment: int, of: int) -> str | None:
    """Where to go on, for the client to hand back as it is; None at the end."""
    return None if user_id is None else f"{segment}/{of}/{user_id}"


def after_of(members: Mapping[str, Any], *, segment: int, of: int) -> str | None:
    """The user id behind which the page begins; None for the first page."""
    text = optional_text(members, "after", longest=2100)
    if text is None:
        return None
    found = _CURSOR.fullmatch(text)
    if found is None or (int(found[1]), int(found[2])) != (segment, of):
        raise InvalidRequestError("after is not what an answer for this segment gave as next.")
    return found[3]


def optional_integer(members: Mapping[str, Any], name: str, *, lowest: int, highest: int) -> int | None:
    """A whole number within bounds, or None where it is absent or null."""
    value = members.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidRequestError(f"{name} is not a whole number.")
    if not lowest <= value <= highest:
        raise InvalidRequestError(f"{name} must be from {lowest} to {highest}.")
    return value
