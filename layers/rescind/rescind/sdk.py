"""The SDK's clients, with short deadlines, and what else is taken from it."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

from rescind import deadline
from rescind.answers import refuse_damaged, refuse_unreadable
from rescind.aws import CANCELLED, CONDITION_FAILED
from rescind.signing import Credentials
from rescind.unavailable import UnavailableError

# botocore would wait 60 s to connect and 60 s to read. How long all tries may take together: deadline.py.
_CONFIG = Config(
    connect_timeout=deadline.CONNECT_SECONDS,
    read_timeout=deadline.READ_SECONDS,
    retries={"mode": "standard", "total_max_attempts": 2},  # After a pause of up to a second, at random.
    tcp_keepalive=True,
)

_IDLE_SECONDS = 60
# Of the services that are called here. `sdk_descriptions.py` puts them into the layer; a checkout has none,
# and takes the SDK's own.
_DESCRIPTIONS = Path(__file__).with_name("sdk-descriptions")


@cache
def session() -> Any:
    """Of all clients, so that each of the SDK's files is read once.

    It is botocore's: what boto3 puts around it makes no difference to a client, and takes time to load.
    """
    made = botocore.session.get_session()
    if _DESCRIPTIONS.is_dir():
        loader = Loader([str(_DESCRIPTIONS)], include_default_search_paths=False)
        # They are the SDK's own. By anybody else's it would find no FIPS and no dual-stack addresses.
        loader.BUILTIN_DATA_PATH = str(_DESCRIPTIONS)
        made.register_component("data_loader", loader)
    return made


def client(service: str) -> Any:
    """A client with short deadlines; an answer that is unreadable, or damaged on its way, is a failure."""
    # Where an operator sets a whole function to DEBUG, botocore writes down password hashes and opened keys.
    logging.getLogger("botocore").setLevel(logging.INFO)
    made = session().create_client(service, config=_CONFIG)
    made.meta.events.register(f"before-call.{service}", _close_idle_connections(made))
    made.meta.events.register(f"before-send.{service}", _refuse_late)
    made.meta.events.register_first(f"needs-retry.{service}", _spare_the_pause)
    made.meta.events.register(f"before-parse.{service}", refuse_unreadable)
    made.meta.events.register(f"after-call.{service}", refuse_damaged)
    return made


def load(services: Iterable[str]) -> None:
    """Read from the SDK's files what making clients of these services takes: most of the time that it takes.

    For a snapshot. Their clients are thrown away.
    """
    nobody = "none"  # Without a name and a secret, the SDK would ask for credentials.
    for service in services:
        session().create_client(
            service, config=_CONFIG, aws_access_key_id=nobody, aws_secret_access_key=nobody
        )


def credentials() -> Callable[[], Credentials]:
    """Whatever the SDK's chain of providers finds, refreshed by it before they expire.

    Raises:
        UnavailableError: it finds none.
    """
    found = session().get_credentials()
    if found is None:
        raise UnavailableError("the SDK finds no credentials")

    def of_the_moment() -> Credentials:
        frozen = found.get_frozen_credentials()
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)

    return of_the_moment


def endpoint(service: str) -> tuple[str, str]:
    """The address of a service and its region, by all that the SDK goes by."""
    meta = session().create_client(service).meta
    return meta.endpoint_url, meta.region_name


def _close_idle_connections(made: Any) -> Callable[..., None]:
    """Whatever lies between may have forgotten them while the sandbox was frozen, and would stay silent."""
    used_at = time.time()  # The monotonic clock may have been frozen, too.

    def close(**_: Any) -> None:
        nonlocal used_at
        before, used_at = used_at, time.time()
        idle_seconds = used_at - before
        # A negative time is a clock that was set back: it says nothing.
        if not 0 <= idle_seconds <= _IDLE_SECONDS:
            made.close()  # It opens new ones.

    return close


def _refuse_late(**_: Any) -> None:
    if not deadline.allows_first_try():
        raise UnavailableError("no time is left for a try")


def _spare_the_pause(
    response: tuple[Any, Mapping[str, Any]] | None, caught_exception: Exception | None, **_: Any
) -> None:
    """Where there would be no time left after it, a failure is one before the pause, and not after it.

    The SDK's own handler, which comes after this one, would wait first.
    """
    if deadline.allows_second_try():
        return
    if response is None:
        raise caught_exception or UnavailableError("no answer")
    http_response, parsed = response
    refuse_damaged(http_response)
    code = parsed.get("Error", {}).get("Code")
    if code is not None and code not in {CONDITION_FAILED, CANCELLED}:
        raise UnavailableError(code)
