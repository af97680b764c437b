"""What surrounds a SnapStart snapshot: code is loaded before it, and chance is drawn anew after each restore.

Every sandbox of a version begins as a copy of one, minutes or weeks later. So before the snapshot nothing is
built: no client, no key set, no credentials.
"""
# ruff: noqa: PLC0415 - a sandbox without a snapshot loads none of it here

import os
import random
from importlib import import_module

_KEYS = ("rescind.keyring", "rescind.keys", "rescind.store.key_set")
_STORES_OF_LOGIN = ("attempts", "credentials", "sessions", "users")

# What a function imports at its first request, and of which services of AWS it makes clients then.
_OF_FIRST_REQUEST = {
    "authorizer": ((*_KEYS, "rescind.flows.authenticate", "rescind.store.state"), ("dynamodb",)),
    "authorizer by the feed": (
        (*_KEYS, "rescind.flows.authenticate_by_feed", "rescind.feed_reader", "rescind.store.announcements"),
        ("dynamodb",),
    ),
    "login": ((*_KEYS, *(f"rescind.store.{name}" for name in _STORES_OF_LOGIN)), ("dynamodb", "kms")),
}


def prepare(function: str) -> None:
    """Where a snapshot will be taken of this function, register what is to be done. Elsewhere do nothing.

    A hook that raises is Lambda's to report: no version is published, or no request gets to the sandbox.
    """
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
        # Of Lambda's runtime. If it were not there, a sandbox must not go on without it.
        from snapshot_restore_py import register_after_restore, register_before_snapshot

        by_the_feed = function == "authorizer" and os.environ.get("REVOCATION_CHECK") == "feed"
        first_request = _OF_FIRST_REQUEST["authorizer by the feed" if by_the_feed else function]
        register_before_snapshot(load, *first_request)
        register_after_restore(draw_anew)


def load(modules: tuple[str, ...], services: tuple[str, ...]) -> None:
    """Import what the first request would; of AWS's services only what their clients are made of."""
    from rescind import sdk

    for module in modules:
        import_module(module)
    sdk.load(services)


def draw_anew() -> None:
    """What this process draws by itself: the pauses of the SDK, and what TLS connections begin with.

    Identifiers and salts are the kernel's, by `secrets`; signatures take none (`rules/access_tokens.py`).
    """
    from ssl import RAND_add

    random.seed()
    RAND_add(os.urandom(32), 32)
