"""How the authorizer decides on a token, by the tables or by the feed: the one place where that is chosen."""
# ruff: noqa: PLC0415 - a sandbox loads one of the two

from functools import partial
from typing import TYPE_CHECKING

from rescind import wiring

if TYPE_CHECKING:
    from rescind.flows.stores import Authenticator


def authenticator() -> "Authenticator":
    """Of the settings; whoever else asks about a token asks the tables."""
    keys, settings = wiring.keyring(), wiring.settings()
    if settings.reads_feed:
        from rescind.flows.authenticate_by_feed import authenticate_by_feed

        return partial(authenticate_by_feed, keys=keys, revocations=wiring.feed_reader(), settings=settings)
    from rescind.flows.authenticate import authenticate

    return partial(authenticate, keys=keys, states=wiring.states(), settings=settings)
