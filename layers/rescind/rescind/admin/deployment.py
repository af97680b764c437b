"""What an operator asks of the deployment as a whole: its settings, its clock, how its tables are set up."""

import time
from dataclasses import asdict, fields
from typing import Any

from rescind import wiring
from rescind.settings import Settings
from rescind.web.admin_requests import AdminRequest
from rescind.web.responses import Response, ok

# Whole numbers are shown without being named. A text is not, as it may be a secret.
_SHOWN = (
    "client_address_header",
    "revocation_check",
    "issuer",
    "audience",
    "client_id",
    "allowed_origins",
    "stack",
    "kms_key_id",
)


def check(_: AdminRequest) -> Response:
    """Changes nothing. `now_ms` is this function's clock, before it asks DynamoDB."""
    now_ms = time.time_ns() // 1_000_000
    return ok(
        {
            "now_ms": now_ms,
            "settings": _shown(wiring.settings()),
            "tables": [asdict(each) for each in wiring.table_setups().of_all()],
        }
    )


def _shown(settings: Settings) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for field in fields(settings):
        value = getattr(settings, field.name)
        if isinstance(value, int) or field.name in _SHOWN:
            shown[field.name] = sorted(value) if isinstance(value, frozenset) else value
    return {**shown, "proxy_secret_is_set": bool(settings.proxy_secret_sha256)}
