"""How the authorizer decides, by the tables or by the feed: built once a sandbox, and without the SDK."""
# ruff: noqa: PLC0415 - a sandbox loads one of the two, and of the SDK nothing where the environment says enough

import os
import re
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING

from rescind import wiring
from rescind.dynamodb import DynamoDBReads
from rescind.keyring import Keyring
from rescind.signing import Credentials, Signer
from rescind.store.key_set import KeySets

if TYPE_CHECKING:
    from rescind.feed_reader import FeedReader
    from rescind.flows.stores import Authenticator
    from rescind.store.state import States

# Of the partition `aws`, whose host names are known to be of this form.
_USUAL_REGION = re.compile(r"(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-[0-9]")
# By which the SDK would choose another address.
_SDKS_OWN = (
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
)


def authenticator() -> "Authenticator":
    """By the settings; whoever else asks about a token asks the tables."""
    keys, settings = keyring(), wiring.settings()
    if settings.reads_feed:
        from rescind.flows.authenticate_by_feed import authenticate_by_feed

        return partial(authenticate_by_feed, keys=keys, revocations=feed_reader(), settings=settings)
    from rescind.flows.authenticate import authenticate

    return partial(authenticate, keys=keys, states=states(), settings=settings)


@cache
def keyring() -> Keyring:
    return Keyring(key_sets(), wiring.key_service())


@cache
def key_sets() -> KeySets:
    return KeySets(reads(), table=wiring.settings().keys_table)


@cache
def states() -> "States":
    from rescind.store.state import States

    settings = wiring.settings()
    return States(
        reads(),
        blocklist_table=settings.blocklist_table,
        users_table=settings.users_table,
        sessions_table=settings.sessions_table,
    )


@cache
def feed_reader() -> "FeedReader":
    from rescind.feed_reader import FeedReader
    from rescind.store.announcements import Announcements

    settings = wiring.settings()
    feed = Announcements(reads(), table=settings.revocations_table)
    return FeedReader(
        feed, copies=settings.revocation_copies, delay_seconds=settings.revocation_delay_seconds
    )


@cache
def reads() -> DynamoDBReads:
    address, region = endpoint()
    return DynamoDBReads(address, Signer(region=region, credentials=credentials()))


def endpoint() -> tuple[str, str]:
    """DynamoDB's address, and its region."""
    region = os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION", "")
    is_usual = _USUAL_REGION.fullmatch(region) and not any(os.environ.get(name) for name in _SDKS_OWN)
    if is_usual:
        return os.environ.get("AWS_ENDPOINT_URL") or f"https://dynamodb.{region}.amazonaws.com", region
    from rescind import sdk

    return sdk.endpoint("dynamodb")


def credentials() -> Callable[[], Credentials]:
    """Lambda puts them into the environment, for as long as a sandbox lives; but not behind a snapshot."""
    environment = os.environ
    if environment.get("AWS_ACCESS_KEY_ID") and environment.get("AWS_SECRET_ACCESS_KEY"):
        known = Credentials(
            environment["AWS_ACCESS_KEY_ID"],
            environment["AWS_SECRET_ACCESS_KEY"],
            environment.get("AWS_SESSION_TOKEN") or None,
        )
        return lambda: known
    from rescind import sdk

    return sdk.credentials()
