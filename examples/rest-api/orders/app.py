"""GET and POST /orders: two functions of your own, which read their caller in one line."""

import json
from typing import Any

from rescind.web.caller import caller, requires_scope


def list_orders(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Whoever is logged in gets here."""
    who = caller(event)
    return _json(200, {"user_id": who.user_id, "plan": who.claims.get("plan"), "orders": []})


@requires_scope("orders:write")
def place_order(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Without the scope the caller has got 403 before this line."""
    return _json(201, {"user_id": caller(event).user_id, "order": json.loads(event["body"])})


def _json(status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
        "body": json.dumps(body),
    }
