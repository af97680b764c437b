"""Builds the real things, each once for a sandbox and only when it is asked for.

Imports stand inside, so that a function loads only what it uses: the authorizer no password hashing, `me` no
boto3 at all.
"""
# ruff: noqa: PLC0415

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rescind.settings import Settings

if TYPE_CHECKING:
    from rescind.canary_settings import CanarySettings
    from rescind.exchange_settings import ExchangeSettings
    from rescind.issuer_keys import IssuerKeyring
    from rescind.keyring import Keyring
    from rescind.keys import KeyService
    from rescind.store.accounts import Accounts
    from rescind.store.attempts import Attempts
    from rescind.store.blocklist import Blocklist
    from rescind.store.credentials import Credentials
    from rescind.store.feed import Feed
    from rescind.store.key_set import KeySets
    from rescind.store.logins import Logins
    from rescind.store.sessions import Sessions
    from rescind.store.state import States
    from rescind.store.table_setup import TableSetups
    from rescind.store.users import Users


@cache
def settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def canary_settings() -> "CanarySettings":
    from rescind.canary_settings import CanarySettings

    return CanarySettings.from_environment(os.environ)


@cache
def exchange_settings() -> "ExchangeSettings":
    from rescind.exchange_settings import ExchangeSettings

    return ExchangeSettings.from_environment(os.environ)


@cache
def common_passwords() -> frozenset[str]:
    """Some 8,000 that nobody may choose, in lower case. Only who sets a password reads them."""
    text = Path(__file__).with_name("common-passwords.txt").read_text(encoding="utf-8")
    # One of them begins with a #, too; only a comment has a space behind it.
    return frozenset(line for line in text.splitlines() if not line.startswith("# "))


@cache
def keyring() -> "Keyring":
    from rescind.keyring import Keyring

    return Keyring(key_sets(), key_service())


@cache
def key_sets() -> "KeySets":
    from rescind.store.key_set import KeySets

    return KeySets(dynamodb(), table=settings().keys_table)


@cache
def key_service() -> "KeyService":
    from rescind.keys import KeyService

    return KeyService(kms, kms_key_id=settings().kms_key_id, stack=settings().stack)


@cache
def issuer_keyring() -> "IssuerKeyring":
    from rescind.issuer_documents import IssuerDocuments
    from rescind.issuer_keys import IssuerKeyring

    return IssuerKeyring(IssuerDocuments(aws_endpoint=exchange_settings().aws_endpoint))


@cache
def states() -> "States":
    from rescind.store.state import States

    return States(
        dynamodb(),
        blocklist_table=settings().blocklist_table,
        users_table=settings().users_table,
        sessions_table=settings().sessions_table,
    )


@cache
def credentials() -> "Credentials":
    from rescind.store.credentials import Credentials

    return Credentials(dynamodb(), table=settings().credentials_table)


@cache
def users() -> "Users":
    from rescind.store.users import Users

    return Users(dynamodb(), table=settings().users_table, feed=feed())


@cache
def accounts() -> "Accounts":
    from rescind.store.accounts import Accounts

    return Accounts(
        dynamodb(),
        credentials_table=settings().credentials_table,
        users_table=settings().users_table,
        sessions_table=settings().sessions_table,
        feed=feed(),
    )


@cache
def sessions() -> "Sessions":
    from rescind.store.sessions import Sessions

    return Sessions(dynamodb(), table=settings().sessions_table, feed=feed())


@cache
def logins() -> "Logins":
    from rescind.store.logins import Logins

    return Logins(
        dynamodb(),
        sessions_table=settings().sessions_table,
        users_table=settings().users_table,
        blocklist_table=settings().blocklist_table,
        feed=feed(),
    )


@cache
def blocklist() -> "Blocklist":
    from rescind.store.blocklist import Blocklist

    return Blocklist(dynamodb(), table=settings().blocklist_table, feed=feed())


@cache
def feed() -> "Feed":
    from rescind.store.feed import Feed

    return Feed(dynamodb(), table=settings().revocations_table, copies=settings().revocation_copies)


@cache
def attempts() -> "Attempts":
    from rescind.store.attempts import Attempts

    return Attempts(dynamodb(), table=settings().attempts_table)


@cache
def table_setups() -> "TableSetups":
    from rescind.store.table_setup import TableSetups

    names = ("credentials", "users", "sessions", "blocklist", "revocations", "attempts", "keys")
    return TableSetups(dynamodb(), tables={name: getattr(settings(), f"{name}_table") for name in names})


@cache
def dynamodb() -> Any:
    from rescind import sdk

    return sdk.client("dynamodb")


@cache
def kms() -> Any:
    from rescind import sdk

    return sdk.client("kms")
