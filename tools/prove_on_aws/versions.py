"""That API Gateway asks a published version, by its alias; and that it has a snapshot, if it is to."""

from collections.abc import Iterator
from typing import Any

from rescind_cli.checks.findings import Finding, fault, not_checked, ok
from rescind_cli.deployed import Deployed

_ALIAS = "live"
_BEHIND_ALIAS = ("AuthorizerFunction", "LoginFunction")


def findings(deployed: Deployed) -> Iterator[Finding]:
    client = deployed.session.client("lambda")
    for logical in _BEHIND_ALIAS:
        yield from _of_function(client, logical, deployed.names[logical])
    yield _asked_by_alias(deployed)


def _of_function(client: Any, logical: str, function: str) -> Iterator[Finding]:
    try:
        version = client.get_alias(FunctionName=function, Name=_ALIAS)["FunctionVersion"]
    except client.exceptions.ResourceNotFoundException:
        yield fault(f"alias of {logical}", f"there is no alias {_ALIAS}", "Deploy the template anew.")
        return
    if not version.isdigit():
        yield fault(f"alias of {logical}", f"{_ALIAS} is {version}, which is unpublished", "Deploy it anew.")
        return
    yield ok(f"alias of {logical}", f"{_ALIAS} is version {version}")
    found = client.get_function_configuration(FunctionName=function, Qualifier=version).get("SnapStart", {})
    name = f"SnapStart of {logical}"
    if found.get("ApplyOn", "None") == "None":
        yield not_checked(name, "it is off", "Deploy with SnapStart=enabled.")
    elif found.get("OptimizationStatus") == "On":
        yield ok(name, f"version {version} starts from its snapshot")
    else:
        yield fault(name, "it is on, and the version has no snapshot", "Look at the function in the console.")


def _asked_by_alias(deployed: Deployed) -> Finding:
    name = "authorizer by its alias"
    uris = [each.uri for each in deployed.authorizers(deployed.names["Api"])]
    if uris and all(f":{_ALIAS}/" in uri for uri in uris):
        return ok(name, "API Gateway asks the published version")
    return fault(name, "API Gateway asks the unpublished function", "Deploy the template anew.")
