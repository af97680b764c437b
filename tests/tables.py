"""The template's tables on any DynamoDB, and the stores on top of them."""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from rescind.flows import stores
from rescind.flows.logins import Logins as LoginStore
from rescind.flows.rotate import KeySets as KeySetStore
from rescind.flows.throttle import Attempts as AttemptStore
from rescind.store.accounts import Accounts
from rescind.store.attempts import Attempts
from rescind.store.blocklist import Blocklist
from rescind.store.credentials import Credentials
from rescind.store.feed import Feed
from rescind.store.key_set import KeySets
from rescind.store.logins import Logins
from rescind.store.sessions import Sessions
from rescind.store.state import States
from rescind.store.users import Users
from tests import fakes

TEMPLATE = Path(__file__).parent.parent / "infra" / "template.yaml"


@dataclass(frozen=True)
class Stores:
    credentials: stores.Credentials
    users: stores.Users
    accounts: stores.Accounts
    sessions: stores.Sessions
    blocklist: stores.Blocklist
    logins: LoginStore
    attempts: AttemptStore
    states: stores.States
    key_sets: KeySetStore
    feed: Any = None
    """None of the fakes: they keep what is announced in `FakeTables.announced`."""


def create_tables(client: Any, *, prefix: str = "") -> None:
    for name, properties in _tables().items():
        wanted = ("BillingMode", "AttributeDefinitions", "KeySchema")
        client.create_table(TableName=prefix + name, **{each: properties[each] for each in wanted})


def table_keys() -> dict[str, tuple[str, ...]]:
    """The attributes of each table's key."""
    return {
        name: tuple(each["AttributeName"] for each in properties["KeySchema"])
        for name, properties in _tables().items()
    }


@functools.cache
def _tables() -> dict[str, Any]:
    """Those of the template, their names the logical ones without `Table`."""
    resources: dict[str, Any] = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))["Resources"]
    return {
        name.removesuffix("Table"): each["Properties"]
        for name, each in resources.items()
        if each["Type"] == "AWS::DynamoDB::Table"
    }


def stores_on(client: Any, *, prefix: str = "", copies: int = 1) -> Stores:
    feed = Feed(client, table=f"{prefix}Revocations", copies=copies)
    return Stores(
        credentials=Credentials(client, table=f"{prefix}Credentials"),
        users=Users(client, table=f"{prefix}Users", feed=feed),
        accounts=Accounts(
            client,
            credentials_table=f"{prefix}Credentials",
            users_table=f"{prefix}Users",
            sessions_table=f"{prefix}Sessions",
            feed=feed,
        ),
        sessions=Sessions(client, table=f"{prefix}Sessions", feed=feed),
        blocklist=Blocklist(client, table=f"{prefix}Blocklist", feed=feed),
        logins=Logins(
            client,
            sessions_table=f"{prefix}Sessions",
            users_table=f"{prefix}Users",
            blocklist_table=f"{prefix}Blocklist",
            feed=feed,
        ),
        attempts=Attempts(client, table=f"{prefix}Attempts"),
        states=States(
            client,
            blocklist_table=f"{prefix}Blocklist",
            users_table=f"{prefix}Users",
            sessions_table=f"{prefix}Sessions",
        ),
        key_sets=KeySets(client, table=f"{prefix}Keys"),
        feed=feed,
    )


def fake_stores() -> Stores:
    tables = fakes.FakeTables()
    return Stores(
        credentials=fakes.FakeCredentials(tables),
        users=fakes.FakeUsers(tables),
        accounts=fakes.FakeAccounts(tables),
        sessions=fakes.FakeSessions(tables),
        blocklist=fakes.FakeBlocklist(tables),
        logins=fakes.FakeLogins(tables),
        attempts=fakes.FakeAttempts(tables),
        states=fakes.FakeStates(tables),
        key_sets=fakes.FakeKeySets(tables),
    )
