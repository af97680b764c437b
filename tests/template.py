"""The template as it is written: its parts by their names, and what its policies grant."""

from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from tests.tables import TEMPLATE

DOCUMENT: dict[str, Any] = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
RESOURCES: dict[str, Any] = DOCUMENT["Resources"]
API: dict[str, Any] = RESOURCES["Api"]["Properties"]
ENVIRONMENT: dict[str, Any] = DOCUMENT["Globals"]["Function"]["Environment"]["Variables"]


def of_type(kind: str) -> dict[str, Any]:
    return {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == kind}


FUNCTIONS = of_type("AWS::Serverless::Function")
TABLES = of_type("AWS::DynamoDB::Table")
NAMES = {Path(each["CodeUri"]).name: name for name, each in FUNCTIONS.items()}
"""What the template calls a function, by its folder below functions/."""


def statements(function: str, *, by_the_feed: bool = False) -> list[dict[str, Any]]:
    """Of its policies, with RevocationCheck as it is by default, or `feed`."""
    return [
        chosen(statement, by_the_feed=by_the_feed)
        for policy in FUNCTIONS[function].get("Policies", [])
        for statement in policy["Statement"]
    ]


def chosen(value: Any, *, by_the_feed: bool) -> Any:
    """What the template's condition leaves of it."""
    match value:
        case {"Fn::If": ["FeedIsRead", then, otherwise]}:
            return then if by_the_feed else otherwise
        case _:
            return value


def granted(function: str, *, by_the_feed: bool = False) -> set[tuple[str, str]]:
    """Every (action, resource) that the function may use."""
    pairs = set()
    for statement in statements(function, by_the_feed=by_the_feed):
        actions, resources = statement["Action"], statement["Resource"]
        for action in actions if isinstance(actions, list) else [actions]:
            for resource in resources if isinstance(resources, list) else [resources]:
                pairs.add((action, resource["Fn::GetAtt"][0]))
    return pairs
