"""Holds an HTTP answer against docs/openapi.yaml: every journey sends its answers through `check`."""

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

DOCUMENT = Path(__file__).parent.parent / "docs" / "openapi.yaml"

_BASE = "urn:rescind:openapi"
_NO_SUCH_ROUTE = "/components/responses/NoSuchRoute"
# These act on a browser by being there, so an answer must not have one that the contract does not give it.
_NEVER_UNDECLARED = {"set-cookie", "clear-site-data", "location"}


def check(method: str, path: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Return when the contract allows this answer; a route that it does not have must be its 404.

    Raises:
        AssertionError: it does not; the message says which route, what came, and what is wrong with it.
    """
    answer = f"{method} {path} answered {status}"
    pointer = _response_pointer(method, path, status)
    assert pointer, f"{answer}, a status that the contract does not have there"
    pointer, response = _look_up(pointer)
    _check_headers(answer, response, {name.lower(): value for name, value in headers.items()})
    _check_body(answer, pointer, response, body)


def operations() -> set[tuple[str, str]]:
    """Every (method, path template) of the document."""
    methods = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
    paths: dict[str, Any] = document()["paths"]
    return {(method.upper(), path) for path, item in paths.items() for method in methods & item.keys()}


def schema_errors(pointer: str, instance: object) -> str | None:
    """What is wrong with `instance` by the schema at `pointer` of the document; None when nothing is."""
    validator = Draft202012Validator({"$ref": f"{_BASE}#{pointer}"}, registry=_registry())
    error = best_match(validator.iter_errors(instance))
    return f"{error.json_path}: {error.message}" if error else None


@functools.cache
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    return loaded


@functools.cache
def _registry() -> Registry[Any]:
    registry: Registry[Any] = Registry().with_resource(_BASE, DRAFT202012.create_resource(document()))
    return registry


def _look_up(pointer: str) -> tuple[str, Any]:
    """The node at a JSON pointer and where it really stands, references followed."""
    node = _registry().resolver(_BASE).lookup(f"#{pointer}").contents
    if isinstance(node, dict) and "$ref" in node:
        return _look_up(str(node["$ref"]).removeprefix("#"))
    return pointer, node


def _response_pointer(method: str, path: str, status: int) -> str | None:
    """Where the document describes this status of this route; None when it does not."""
    for known_method, template in operations():
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        if known_method == method.upper() and re.fullmatch(pattern, urlsplit(path).path):
            operation = f"/paths/{_escaped(template)}/{known_method.lower()}"
            has_status = str(status) in _look_up(f"{operation}/responses")[1]
            return f"{operation}/responses/{status}" if has_status else None
    return _NO_SUCH_ROUTE if status == 404 else None


def _check_headers(answer: str, response: dict[str, Any], headers: Mapping[str, str]) -> None:
    declared = {name.lower(): _resolved(header) for name, header in response.get("headers", {}).items()}
    for name, header in declared.items():
        assert name in headers or not header.get("required"), f"{answer} without the header {name}"
        if name in headers:
            given = headers[name]
            value = int(given) if header["schema"]["type"] == "integer" and given.isdecimal() else given
            error = best_match(Draft202012Validator(header["schema"]).iter_errors(value))
            assert error is None, f"{answer} with a wrong header {name}: {error.message}"
    undeclared = _NEVER_UNDECLARED & headers.keys() - declared.keys()
    assert not undeclared, f"{answer} with a header that the contract does not give it: {sorted(undeclared)}"
    choice = response.get("x-one-of-headers", [])
    given_of_choice = sum(name.lower() in headers for name in choice)
    assert given_of_choice == min(1, len(choice)), f"{answer} without exactly one header of {choice}"
    media_type = headers.get("content-type", "").partition(";")[0].strip()
    # API Gateway calls a body JSON that is none, so of an empty one no type is asked.
    is_right = "content" not in response or media_type in response["content"]
    assert is_right, f"{answer} with the content type {media_type!r}"


def _check_body(answer: str, pointer: str, response: dict[str, Any], body: bytes) -> None:
    if "content" not in response:
        assert body == b"", f"{answer} with a body, where there is to be none"
        return
    media_type = next(iter(response["content"]))
    try:
        instance = json.loads(body.decode("utf-8"))
    except ValueError as error:
        raise AssertionError(f"{answer} with a body that is not JSON in UTF-8") from error
    wrong = schema_errors(f"{pointer}/content/{_escaped(media_type)}/schema", instance)
    assert wrong is None, f"{answer} with a wrong body at {wrong}"


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    resolved: dict[str, Any] = _look_up(str(node["$ref"]).removeprefix("#"))[1] if "$ref" in node else node
    return resolved


def _escaped(part: str) -> str:
    """RFC 6901 section 3; a path template's braces stand in a URI fragment percent-encoded."""
    return part.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
