"""Reads a SAM template with AWS's own translator: its functions, its resources and its OpenAPI document."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from rescind_local.deploy.intrinsics import addressed, chosen, without_aliases
from rescind_local.deploy.parameters import parameter_values
from rescind_local.errors import StartError

# Where the translator wants a bucket, each folder goes by its resource's name, and is found again by it.
_BUCKET = "folders"
_FOLDER_PROPERTY = {
    "AWS::Serverless::Function": ("Function", "CodeUri"),
    "AWS::Serverless::LayerVersion": ("LayerVersion", "ContentUri"),
}


@dataclass(frozen=True)
class Function:
    """A Lambda function as the template declares it; `environment` may still hold intrinsic functions."""

    name: str
    folders: tuple[Path, ...]  # its own, then its layers'
    handler: str
    timeout_seconds: float
    memory_mb: int
    environment: Mapping[str, Any]


@dataclass(frozen=True)
class Template:
    values: Mapping[str, str]  # of its parameters
    conditions: Mapping[str, Any]
    resources: Mapping[str, Mapping[str, Any]]  # translated
    functions: Mapping[str, Function]
    api: str  # the REST API's name in the template
    document: Mapping[str, Any]  # its OpenAPI document
    stage: str

    def served_at(self, url: str) -> "Template":
        """The template whose functions and custom resources find the REST API at `url`."""
        resources: Mapping[str, Any] = addressed(self.resources, self.api, url)
        functions = {
            name: replace(function, environment=addressed(function.environment, self.api, url))
            for name, function in self.functions.items()
        }
        return replace(self, resources=resources, functions=functions)


def read_template(path: Path, overrides: Sequence[str]) -> Template:
    """The translated template; what it lacks or gets wrong is a `StartError`."""
    source = _parsed(path)
    values = parameter_values(source.get("Parameters", {}), overrides)
    folders = _moved_to_bucket(source, path.parent)
    translated = _translated(source, values, path)
    resources = _at_their_newest(translated["Resources"])
    functions = {
        name: _function(name, resource["Properties"], resources, folders)
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Lambda::Function"
    }
    api, served = _only(resources, "AWS::ApiGateway::RestApi", path)
    _, stage = _only(resources, "AWS::ApiGateway::Stage", path)
    conditions = translated.get("Conditions", {})
    return Template(
        values=values,
        conditions=conditions,
        resources=resources,
        functions=functions,
        api=api,
        document=chosen(served["Body"], conditions, values),
        stage=stage["StageName"],
    )


def _parsed(path: Path) -> dict[str, Any]:
    try:
        source = yaml_parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StartError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise StartError(f"{path}: {_one_line(error)}") from error
    if not isinstance(source, dict) or not isinstance(source.get("Resources"), dict):
        raise StartError(f"{path}: this is no template, it has no Resources")
    return source


def _moved_to_bucket(source: dict[str, Any], beside: Path) -> dict[str, Path]:
    """Puts a bucket's address where the template names a folder, and gives the folders by resource."""
    folders = {}
    for name, resource in source["Resources"].items():
        if resource.get("Type") not in _FOLDER_PROPERTY:
            continue
        kind, key = _FOLDER_PROPERTY[resource["Type"]]
        properties = resource.setdefault("Properties", {})
        uri = properties.get(key, source.get("Globals", {}).get(kind, {}).get(key))
        if not isinstance(uri, str) or "://" in uri:
            raise StartError(f"{name}: its {key} is not a folder on this machine")
        folders[name] = (beside / uri).resolve()
        if not folders[name].is_dir():
            raise StartError(f"{name}: its {key} {uri} does not exist")
        properties[key] = f"s3://{_BUCKET}/{name}"
    return folders


def _translated(source: dict[str, Any], values: Mapping[str, str], path: Path) -> dict[str, Any]:
    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)  # It warns about its own feature switches.
    try:
        translated: dict[str, Any] = Translator({}, Parser()).translate(source, dict(values))
    except InvalidDocumentException as error:
        causes = "; ".join(_one_line(cause.message) for cause in error.causes) or error.message
        raise StartError(f"{path}: {causes}") from error
    return translated


def _at_their_newest(resources: Mapping[str, Any]) -> dict[str, Any]:
    """An alias leads to the newest version of a function, and on this machine there is only that."""
    functions = {
        name: resource["Properties"]["FunctionName"]["Ref"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Lambda::Alias"
    }
    newest: dict[str, Any] = without_aliases(resources, functions)
    return newest


def _function(
    name: str, properties: Mapping[str, Any], resources: Mapping[str, Any], folders: Mapping[str, Path]
) -> Function:
    layers = properties.get("Layers", [])
    if not all(isinstance(layer, dict) and layer.get("Ref") in resources for layer in layers):
        raise StartError(f"{name}: a layer of it is not in this template")
    if not str(properties.get("Runtime", "")).startswith("python"):
        raise StartError(f"{name}: its Runtime is not a Python")
    return Function(
        name=name,
        folders=(
            folders[properties["Code"]["S3Key"]],
            *(folders[resources[layer["Ref"]]["Properties"]["Content"]["S3Key"]] for layer in layers),
        ),
        handler=properties["Handler"],
        timeout_seconds=float(properties.get("Timeout", 3)),
        memory_mb=int(properties.get("MemorySize", 128)),
        environment=properties.get("Environment", {}).get("Variables", {}),
    )


def _only(resources: Mapping[str, Any], kind: str, path: Path) -> tuple[str, dict[str, Any]]:
    """Its name and its properties."""
    found = [(name, each["Properties"]) for name, each in resources.items() if each["Type"] == kind]
    if len(found) != 1:
        raise StartError(f"{path}: it has {len(found)} resources {kind}; this gateway serves exactly one")
    return found[0]


def _one_line(error: object) -> str:
    return " ".join(str(error).split())
