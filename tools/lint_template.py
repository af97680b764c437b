"""Runs cfn-lint over the template twice: as it is written, and as SAM translates it.

Cycles and wrong properties of what SAM generates show in the second form only.
"""

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

from cfnlint.api import lint
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = Path(__file__).parent.parent / "infra" / "template.yaml"

_FOLDERS = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


def main() -> int:
    forms = {"as written": TEMPLATE.read_text(encoding="utf-8"), "translated": json.dumps(_translated())}
    found = [(form, match) for form, text in forms.items() for match in lint(text)]
    for form, match in found:
        print(f"{TEMPLATE.name}, {form}, line {match.linenumber}: {match.rule.id} {match.message}")
    print(f"cfn-lint: {len(found)} findings in the template as written and as SAM translates it")
    return 1 if found else 0


def _translated() -> dict[str, Any]:
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # It will not translate for nowhere.
    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)  # It warns about its own feature switches.
    template = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    for resource in template["Resources"].values():
        if resource["Type"] in _FOLDERS:
            resource["Properties"][_FOLDERS[resource["Type"]]] = "s3://a-bucket/a-key"
    defaults = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()}
    translated: dict[str, Any] = Translator({}, Parser()).translate(template, defaults)
    return translated


if __name__ == "__main__":
    sys.exit(main())
