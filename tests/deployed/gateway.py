"""The deployed stack as a gateway of the journeys, with the accounts that they log in to."""

from urllib.parse import urlsplit

from tests.deployed.stack import DeployedStack
from tests.journeys.gateways import Gateway
from tests.things import PASSWORD


def add_accounts(stack: DeployedStack) -> None:
    """By the operator's command, as README says."""
    for username, scope in (("demo", ""), ("admin", "admin introspect")):
        stack.rescind("users", "add", username, "--scope", scope, "--password-stdin", typed=PASSWORD)


def gateway_of(stack: DeployedStack) -> Gateway:
    port = urlsplit(stack.cloud.endpoint).port or 0
    return Gateway(
        name="deployed",
        host=f"{stack.resources()['Api']}.execute-api.localhost:{port}",
        address=("127.0.0.1", port),
        stage="/prod",
        endpoint=stack.cloud.endpoint,
        stack=stack.name,
        log=lambda: stack.log("AuthorizerFunction"),
        renames=False,
    )
