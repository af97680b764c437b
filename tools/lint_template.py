"""Runs cfn-lint over the template twice: as it is written, and as SAM translates it.

Cycles and wrong properties of what SAM generates show in the second form only.
"""

import json
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cfnlint.api import lint
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = Path(__file__).parent.parent / "infra" / "template.yaml"

# Parameters and mappings that SAM reads, and CloudFormation no more.
_USED_UP = {"W2001", "W7001"}
_FOLDERS = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


def main() -> int:
    forms = {
        "as written": TEMPLATE.read_text(encoding="utf-8"),
        "translated": json.dumps(translated()),
        "translated with CodeDeploy": json.dumps(translated(DeploymentPreference="Canary10Percent5Minutes")),
    }
    found = [
        (form, match)
        for form, text in forms.items()
        for match in lint(text)
        if form == "as written" or match.rule.id not in _USED_UP
    ]
    for form, match in found:
        print(f"{TEMPLATE.name}, {form}, line {match.linenumber}: {match.rule.id} {match.message}")
    print(f"cfn-lint: {len(found)} findings in the template as written and as SAM translates it")
    return 1 if found else 0


def translated(folders: Mapping[str, str] = MappingProxyType({}), **values: str) -> dict[str, Any]:
    """What CloudFormation is given.

    Args:
        folders: what was uploaded for a resource, by its logical id; one word for all others.
        values: of parameters, in place of their defaults.
    """
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # It will not translate for nowhere.
    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)  # It warns about its own feature switches.
    template = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    for name, resource in template["Resources"].items():
        if resource["Type"] in _FOLDERS:
            key = folders.get(name, "a-key")
            resource["Properties"][_FOLDERS[resource["Type"]]] = f"s3://a-bucket/{key}"
    defaults = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()}
    made: dict[str, Any] = Translator({}, Parser()).translate(template, {**defaults, **values})
    return made


if __name__ == "__main__":
    sys.exit(main())
