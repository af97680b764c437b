"""The authorizer's decision without its door: a token in, a verdict out, by the environment's settings."""

import time
from collections.abc import Callable
from typing import Any

from rescind.authorizer_wiring import authenticator
from rescind.verdict import Refuse


def prepare(_: Any) -> Callable[[str], bool]:
    def decide(token: str) -> bool:
        return not isinstance(authenticator()(token, now=int(time.time())), Refuse)

    return decide
