"""What Terraform's AWS provider takes, as far as examples/terraform uses it: read of `aws_provider.json`.

There is no provider to ask here. Its schema is written down in the npm package @cdktn/provider-aws, which is
too large to install for a test (437 MB); so what concerns us was taken from it, by

    npm pack @cdktn/provider-aws@24.1.0
    .venv/bin/python tests/examples/aws_provider.py *.tgz > tests/examples/aws_provider.json
"""

import json
import re
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

RECORDED = Path(__file__).with_suffix(".json")
_USED = (
    "api-gateway-authorizer",
    "api-gateway-gateway-response",
    "data-aws-ssm-parameter",
    "lambda-permission",
)
# A link to the provider's documentation of an argument, and how the next line declares that argument.
_DOCUMENTED = re.compile(
    r"aws/(?P<version>[\d.]+)/docs/(?P<kind>resources|data-sources)/(?P<name>\w+)#(?P<argument>\w+) "
)
_DECLARED = re.compile(r"^ +readonly \w+(?P<optional>\?)?: (?P<type>[^;{|]+|\{)")
_ATTRIBUTE = re.compile(r"^ +get (?P<name>\w+)\(\)")


@dataclass(frozen=True)
class Resource:
    arguments: dict[str, str]
    """The type of each: string, number, boolean, string[], or { for a map of strings."""
    required: frozenset[str]
    attributes: frozenset[str]
    """What can be read of it."""


def recorded() -> dict[str, Resource]:
    """By its name; a data source's begins with `data.`."""
    return {
        name: Resource(each["arguments"], frozenset(each["required"]), frozenset(each["attributes"]))
        for name, each in json.loads(RECORDED.read_text(encoding="utf-8"))["resources"].items()
    }


def _read(package: Path) -> dict[str, object]:
    versions, resources = set(), {}
    with tarfile.open(package) as archive:
        for folder in _USED:
            file = archive.extractfile(f"package/lib/{folder}/index.d.ts")
            assert file
            text = file.read().decode()
            documented = list(_DOCUMENTED.finditer(text))
            versions |= {each["version"] for each in documented}
            kind = "data." if documented[0]["kind"] == "data-sources" else ""
            resources[f"{kind}aws_{documented[0]['name']}"] = _resource(text)
    [version] = versions
    return {"version": version, "resources": resources}


def _resource(text: str) -> dict[str, object]:
    arguments, required, attributes, argument = {}, [], set(), ""
    for line in text.splitlines():
        if documented := _DOCUMENTED.search(line):
            argument = documented["argument"]
        elif argument and (declared := _DECLARED.match(line)):
            arguments[argument] = declared["type"].strip()
            required += [] if declared["optional"] else [argument]
            argument = ""
        elif (attribute := _ATTRIBUTE.match(line)) and not attribute["name"].endswith("Input"):
            attributes.add(re.sub(r"(?=[A-Z])", "_", attribute["name"]).lower())
    return {"arguments": arguments, "required": required, "attributes": sorted(attributes)}


if __name__ == "__main__":
    print(json.dumps(_read(Path(sys.argv[1])), indent=2))  # noqa: T201 - a command prints
