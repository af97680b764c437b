"""What Terraform's AWS provider takes, as far as examples/terraform uses it: read of `aws_provider.json`.

There is no provider to ask here. Its schema is written down in the npm package @cdktn/provider-aws, which is
too large to install for a test (437 MB); so what concerns us was taken from lib/*/index.d.ts of its 24.1.0.
"""

import json
from dataclasses import dataclass
from pathlib import Path

RECORDED = Path(__file__).with_suffix(".json")


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
