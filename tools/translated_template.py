"""Translates a template as SAM does when it is deployed, with a word in place of each upload."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = Path(__file__).parent.parent / "infra" / "template.yaml"
_FOLDERS = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


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
