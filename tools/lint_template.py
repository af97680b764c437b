"""Runs cfn-lint over each template twice: as it is written, and as SAM translates it.

Cycles and wrong properties of what SAM generates show in the second form only.
"""

import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cfnlint.api import lint
from cfnlint.config import ManualArgs
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "infra" / "template.yaml"
EXAMPLES = sorted(ROOT.glob("examples/*/template.yaml"))
# SAM has read parameters and mappings by then, and CloudFormation does not; so there is less in an Fn::Sub.
_USED_UP = ManualArgs(ignore_checks=["W1020", "W2001", "W7001"])
_FOLDERS = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


def main() -> int:
    templates = [TEMPLATE, *EXAMPLES]
    found = [(path, *finding) for path in templates for finding in _findings(path)]
    for path, form, match in found:
        where = f"{path.relative_to(ROOT)}, {form}, line {match.linenumber}"
        print(f"{where}: {match.rule.id} {match.message}")
    print(
        f"cfn-lint: {len(found)} findings in {len(templates)} templates as written and as SAM translates them"
    )
    return 1 if found else 0


def _findings(path: Path) -> Iterator[tuple[str, Any]]:
    for match in lint(path.read_text(encoding="utf-8")):
        yield "as written", match
    forms = {"translated": translated_from(path)}
    if path == TEMPLATE:
        forms["translated with CodeDeploy"] = translated(DeploymentPreference="Canary10Percent5Minutes")
    for form, document in forms.items():
        for match in lint(json.dumps(document), config=_USED_UP):
            yield form, match


def translated(folders: Mapping[str, str] = MappingProxyType({}), **values: str) -> dict[str, Any]:
    """What CloudFormation is given.

    Args:
        folders: what was uploaded for a resource, by its logical id; one word for all others.
        values: of parameters, in place of their defaults.
    """
    return translated_from(TEMPLATE, folders, values)


def translated_from(
    path: Path,
    folders: Mapping[str, str] = MappingProxyType({}),
    values: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """The same, of another template."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # It will not translate for nowhere.
    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)  # It warns about its own feature switches.
    source = yaml_parse(path.read_text(encoding="utf-8"))
    for name, resource in source["Resources"].items():
        if resource["Type"] in _FOLDERS:
            key = folders.get(name, "a-key")
            resource["Properties"][_FOLDERS[resource["Type"]]] = f"s3://a-bucket/{key}"
    defaults = {name: parameter.get("Default") for name, parameter in source["Parameters"].items()}
    made: dict[str, Any] = Translator({}, Parser()).translate(source, {**defaults, **values})
    return made


if __name__ == "__main__":
    sys.exit(main())
