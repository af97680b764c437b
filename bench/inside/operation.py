"""A function behind a route, whichever is on the path as `app`: asked with API Gateway's event."""

import importlib
from collections.abc import Callable
from typing import Any

from bench.inside.lambda_context import Context


def prepare(_: Any) -> Callable[[Any], bool]:
    handler, context = importlib.import_module("app").handler, Context()

    def succeeds(event: Any) -> bool:
        answer = handler(event, context)
        return bool(answer["statusCode"] == 200)  # noqa: PLR2004 - HTTP's

    return succeeds
