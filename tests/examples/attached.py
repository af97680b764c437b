"""What an example's template declares of the authorizer, once SAM has translated it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from translated_template import translated_from

EXAMPLES = Path(__file__).parents[2] / "examples"
# Where a stack says what its authorizer is.
AUTHORIZER_ARN = "{{resolve:ssm:/${Rescind}/authorizer-arn}}"


@dataclass(frozen=True)
class Attached:
    resources: dict[str, Any]
    document: dict[str, Any]
    """The API's OpenAPI document."""

    @property
    def authorizer(self) -> dict[str, Any]:
        [scheme] = self.document["components"]["securitySchemes"].values()
        declared: dict[str, Any] = scheme["x-amazon-apigateway-authorizer"]
        return declared

    @property
    def may_be_invoked_by(self) -> list[dict[str, Any]]:
        """Of the authorizer: each permission, which is a resource of the stack that attaches."""
        return [
            each["Properties"]
            for each in self.resources.values()
            if each["Type"] == "AWS::Lambda::Permission"
            and "authorizer-arn" in str(each["Properties"]["FunctionName"])
        ]

    @property
    def open_routes(self) -> set[tuple[str, str]]:
        return {
            (method, path)
            for path, methods in self.document["paths"].items()
            for method, route in methods.items()
            if not route.get("security")
        }


def attached(example: str) -> Attached:
    resources = translated_from(EXAMPLES / example / "template.yaml")["Resources"]
    [api] = [each for each in resources.values() if each["Type"].endswith((":RestApi", "V2::Api"))]
    return Attached(resources, api["Properties"]["Body"])
