"""The authorizer's decision without its door: a token in, a verdict out, by the environment's settings."""

import importlib
import time
from collections.abc import Callable
from typing import Any


def prepare(_: Any) -> Callable[[str], bool]:
    verdict = importlib.import_module("rescind.verdict")
    authenticator = importlib.import_module("rescind.authenticator").authenticator

    def decide(token: str) -> bool:
        return not isinstance(authenticator()(token, now=int(time.time())), verdict.Refuse)

    return decide
