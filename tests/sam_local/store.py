"""What the functions in the containers read and write: a ministack that they reach, and its users."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from rescind import sdk
from rescind.rules.passwords import hash_password
from rescind.store.accounts import Accounts
from rescind.store.feed import Feed
from rescind.store.sessions import Sessions
from rescind_local.account import CREDENTIALS, REGION
from rescind_local.deploy.emulator import running_emulator
from rescind_local.deploy.stack import create_stack
from rescind_local.deploy.template import read_template
from rescind_local.gateway.api import Api
from tests.sam_local.sam import BUILT
from tests.things import PASSWORD, SETTINGS, USER_ID, a_credential, a_session, a_user

STACK = "local"


@dataclass(frozen=True)
class Store:
    endpoint: str
    environment: Mapping[str, Mapping[str, str]]
    """Of each function, as CloudFormation resolves it."""
    gateway_responses: Mapping[str, Any]
    """Of the API, as the template declares them."""


@contextmanager
def running_store(host: str, *, api_url: str, parameters: Mapping[str, object]) -> Iterator[Store]:
    """At this address of the machine: the tables and the KMS key of the built template, and some users."""
    with pytest.MonkeyPatch.context() as process, running_emulator(host=host) as emulator:
        process.setenv("AWS_DEFAULT_REGION", REGION)
        process.setenv("AWS_ENDPOINT_URL", emulator.endpoint)
        for name, value in CREDENTIALS.items():
            process.setenv(name.upper(), value)
        template = read_template(BUILT, [f"{name}={value}" for name, value in parameters.items()])
        template = template.served_at(api_url)
        emulator.wait()
        wanted = [function.environment for function in template.functions.values()]
        stack = create_stack(STACK, template, wanted, emulator.endpoint)
        environment = {
            name: {key: str(value) for key, value in stack.resolved(function.environment).items()}
            for name, function in template.functions.items()
        }
        _add_users(environment["AdminFunction"])
        yield Store(
            emulator.endpoint, environment, Api(template.document, template.functions).gateway_responses
        )


def _add_users(environment: Mapping[str, str]) -> None:
    """The two of the journeys; and `ada`, whom the recorded events speak of, with her session."""
    dynamodb = sdk.client("dynamodb")
    feed = Feed(dynamodb, table=environment["REVOCATIONS_TABLE"], copies=1)
    accounts = Accounts(
        dynamodb,
        credentials_table=environment["CREDENTIALS_TABLE"],
        users_table=environment["USERS_TABLE"],
        sessions_table=environment["SESSIONS_TABLE"],
        feed=feed,
    )
    password_hash = hash_password(PASSWORD, salt=b"0123456789abcdef", parameters=SETTINGS.hash_parameters)
    for username, scope in {"ada": "orders:read", "demo": "", "admin": "admin introspect"}.items():
        user_id = USER_ID if username == "ada" else f"usr_{secrets.token_urlsafe(15)}xA"
        user = a_user(user_id=user_id, username=username, scope=scope, logged_out_at=0)
        accounts.create(user, a_credential(user_id=user_id, username=username, password_hash=password_hash))
    Sessions(dynamodb, table=environment["SESSIONS_TABLE"], feed=feed).put(a_session())
    dynamodb.close()
