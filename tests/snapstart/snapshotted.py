"""A sandbox up to its snapshot and beyond: what it holds then, and what two that are restored from it draw.

Arguments: functions, each of which loads what those before it have loaded, so that one process will do.
"""

import gc
import importlib
import json
import os
import ssl
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import snapshot_restore_py

from rescind import audit, ids, wiring
from rescind.key_pairs import private_key_of, public_key_of
from rescind.unavailable import UnavailableError
from rescind.web.authorizer import UnauthorizedError
from tests.snapstart.copies import told_by_a_copy

OURS = ("boto3", "botocore", "rescind", "urllib3")


def main() -> None:
    functions = sys.argv[1:]
    told = told_by_a_copy(lambda: {function: life_of(function) for function in functions})
    sys.stdout.write(json.dumps(told))


def life_of(function: str) -> dict[str, Any]:
    """As the runtime goes about it: its own runner is shown in test_runtime.py."""
    snapshot_restore_py.get_after_restore().clear()
    app = importlib.import_module(f"functions.{function}.app")
    before = snapshot_restore_py.get_before_snapshot()
    while before:
        hook, positional, named = before.pop()
        hook(*positional, **named)
    return {
        "held": held_at_the_snapshot(),
        "restored": [told_by_a_copy(restored) for _ in range(2)],
        "restored_without_hook": [told_by_a_copy(draw) for _ in range(2)],
        "loaded_late": told_by_a_copy(lambda: loaded_by_the_first_request(app, function)),
    }


def held_at_the_snapshot() -> dict[str, Any]:
    builders = {name: each for name, each in vars(wiring).items() if hasattr(each, "cache_info")}
    builders |= {"private_key_of": private_key_of, "public_key_of": public_key_of}
    gc.collect()  # The clients that were thrown away are in circles.
    types = {type(each).__name__ for each in gc.get_objects()}
    files = [str(each.readlink()) for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
    return {
        "built": [name for name, each in builders.items() if each.cache_info().currsize],
        "types": sorted(types & {"Credentials", "RefreshableCredentials", "DynamoDB", "KMS", "Keyring"}),
        "sockets": [file for file in files if file.startswith("socket:")],
        "metrics": sorted(audit._metrics.metric_set),  # noqa: SLF001 - nobody else tells
    }


def restored() -> dict[str, Any]:
    for hook, positional, named in snapshot_restore_py.get_after_restore():
        hook(*positional, **named)
    return draw()


def draw() -> dict[str, Any]:
    new = ids.new_ids()
    return {
        "session id": new.session_id,
        "token id": new.token_id,
        "attempt id": new.attempt,
        "user id": ids.new_user_id(),
        "salt": ids.new_salt().hex(),
        "id of a call": str(uuid.uuid4()),
        "pause": pause(),
        "tls": ssl.RAND_bytes(16).hex(),
    }


def pause() -> float:
    """As the SDK draws it between two tries."""
    from botocore.retries.standard import ExponentialBackoff, RetryContext  # noqa: PLC0415 - loaded by the hook

    drawn: float = ExponentialBackoff().delay_amount(RetryContext(attempt_number=1))
    return drawn


def loaded_by_the_first_request(app: Any, function: str) -> list[str]:
    """Of AWS nothing answers here: the clients are made, and their calls fail."""
    time.sleep = lambda _: None  # between their tries
    loaded = set(sys.modules)
    event = json.loads(Path(f"tests/events/{EVENTS[function]}.json").read_text(encoding="utf-8"))
    context = SimpleNamespace(
        function_name=function,
        memory_limit_in_mb=512,
        invoked_function_arn="arn",
        aws_request_id="request",
        get_remaining_time_in_millis=lambda: 5000,
    )
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Its log is nobody's.
    read: set[str] = set()
    sys.addaudithook(lambda name, given: read.add(str(given[0])) if name == "open" else None)
    with suppress(UnavailableError, UnauthorizedError):
        app.handler(event, context)
    if function == "login":
        wiring.kms()  # It would open the keys.
    modules = [each for each in set(sys.modules) - loaded if each.split(".")[0] in OURS]
    definitions = [each for each in read if ".json" in each and "botocore" in each]
    return sorted(modules + definitions)


EVENTS = {"authorizer": "authorizer-rest-request", "login": "login"}

if __name__ == "__main__":
    main()
