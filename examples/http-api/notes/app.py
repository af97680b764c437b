"""GET /notes: a function of your own behind an HTTP API, which reads its caller in one line."""

from typing import Any

from rescind.web.caller import caller


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    who = caller(event)
    return {"user_id": who.user_id, "notes": []}  # An HTTP API makes a 200 in JSON of it.
