"""docs/operations.md: what an operator copies out of it at a bad moment is right."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from rescind.admin.operations import OPERATIONS, ROUTES
from rescind.audit import Event
from tests.tables import TEMPLATE
from tests.template import TABLES
from tests.test_template import RUNBOOKS

PAGE = (Path(__file__).parent.parent / "docs" / "operations.md").read_text(encoding="utf-8")
PARTS = ("You see", "It costs", "It worked")


def runbook(name: str) -> str:
    found = re.search(rf"^### {name}\n(.*?)(?=^### |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, name
    return found[1]


@pytest.mark.parametrize("name", RUNBOOKS)
def test_a_runbook_says_what_you_see_what_it_costs_and_how_you_know(name: str) -> None:
    text = runbook(name)

    assert [part for part in PARTS if f"**{part}**" not in text] == []


def test_the_payloads_name_operations() -> None:
    payloads = [json.loads(each) for each in re.findall(r"--payload '(\{.*?\})'", PAGE)]

    named = [payload["operation"] for payload in payloads if "operation" in payload]

    assert named
    assert set(named) <= OPERATIONS.keys()


def test_every_operation_without_a_route_is_on_the_page() -> None:
    listed = re.findall(r"^\| `(\w+)` \|.*\|.*\|$", PAGE, re.MULTILINE)

    assert set(listed) == OPERATIONS.keys() - set(ROUTES.values())


def test_the_events_that_are_looked_for_are_written() -> None:
    ending = r"(?:Detected|Refused|Denied|Created|Disabled|Enabled|Deleted|Changed|Revoked)"

    named = set(re.findall(rf"[`\"]([A-Z]\w+{ending})[`\"]", PAGE))

    assert {"ReuseDetected", "AccessDenied", "UserDeleted"} <= named <= set(Event)


def test_the_stack_is_pointed_at_restored_tables_by_the_command_of_the_page(tmp_path: Path) -> None:
    found = re.search(r"^sed -E -i\.bak .*?infra/template\.yaml$", PAGE, re.DOTALL | re.MULTILINE)
    assert found
    (tmp_path / "infra").mkdir()
    shutil.copy(TEMPLATE, tmp_path / "infra" / "template.yaml")

    subprocess.run(["/bin/sh", "-c", found[0]], cwd=tmp_path, check=True)  # noqa: S603 - from our own page

    before, after = _parsed(TEMPLATE), _parsed(tmp_path / "infra" / "template.yaml")
    variables = after["Globals"]["Function"]["Environment"]["Variables"]
    for table in TABLES:
        name = f"restored-{table.removesuffix('Table')}"
        assert variables[f"{table.removesuffix('Table').upper()}_TABLE"] == name
        assert {"Ref": table} not in _values(after)
        assert {"Fn::GetAtt": [table, "Arn"]} not in _values(after)
        arn = f"arn:${{AWS::Partition}}:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/{name}"
        counted = _values(before).count({"Fn::GetAtt": [table, "Arn"]})
        assert _values(after).count({"Fn::Sub": arn}) == counted > 0
        # The old one stays as it is, whatever is in it.
        assert after["Resources"][table] == before["Resources"][table]


def _parsed(template: Path) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml_parse(template.read_text(encoding="utf-8"))
    return parsed


def _values(value: Any) -> list[Any]:
    """Everything that is somewhere in it."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(each for part in parts for each in _values(part))]
