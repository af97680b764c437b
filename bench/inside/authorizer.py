"""An authorizer, whichever is on the path as `app`: asked as Lambda asks it, with API Gateway's event."""

import functools
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.inside.lambda_context import Context

_EVENT = Path(__file__).parents[2] / "tests" / "events" / "authorizer-rest-request.json"


@functools.cache
def event_of(token: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(_EVENT.read_text(encoding="utf-8"))
    event["headers"]["Authorization"] = f"Bearer {token}"
    event["multiValueHeaders"]["Authorization"] = [f"Bearer {token}"]
    return event


def prepare(_: Any) -> Callable[[str], bool]:
    handler, context = importlib.import_module("app").handler, Context()

    def decide(token: str) -> bool:
        try:
            answer = handler(event_of(token), context)
        except Exception as error:
            if str(error) == "Unauthorized":
                return False
            raise
        return bool(answer["policyDocument"]["Statement"][0]["Effect"] == "Allow")

    return decide
