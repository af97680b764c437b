"""What AWS has of a deployed stack, read with the operator's own credentials. Nothing is changed."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from rescind_cli.checks.caches import HTTP, REST, Authorizer
from rescind_cli.checks.functions import DeployedFunction
from rescind_cli.checks.policies import Role

T = TypeVar("T")
S = TypeVar("S")

_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 5})
_AT_ONCE = 8
_FORBIDDEN = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_GONE = {"NotFoundException", "NoSuchEntity", "ResourceNotFoundException"}
# API Gateway's own, where none is given.
_DEFAULT_TTL_SECONDS = 300


class NotReadError(Exception):
    """Something could not be read, so what needs it is not checked; `cure` is what would let it be."""

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(message)
        self.cure = cure


class GoneError(NotReadError):
    """It is not there."""


@dataclass(frozen=True)
class Deployed:
    session: boto3.Session
    stack: str
    """Its name, as CloudFormation knows it."""

    @cached_property
    def names(self) -> dict[str, str]:
        """Physical names by logical id."""
        return {logical: physical for logical, physical, _ in self._resources}

    def of_type(self, kind: str) -> list[str]:
        """Logical ids."""
        return [logical for logical, _, each in self._resources if each == kind]

    @cached_property
    def _resources(self) -> list[tuple[str, str, str]]:
        client = self._client("cloudformation")
        found: list[tuple[str, str, str]] = []
        more: dict[str, str] = {}
        while True:
            page = _read(
                "cloudformation:ListStackResources", client.list_stack_resources, StackName=self.stack, **more
            )
            found += [
                (each["LogicalResourceId"], each["PhysicalResourceId"], each["ResourceType"])
                for each in page["StackResourceSummaries"]
                if "PhysicalResourceId" in each
            ]
            if not page.get("NextToken"):
                return found
            more = {"NextToken": page["NextToken"]}

    @cached_property
    def template(self) -> Mapping[str, Any]:
        """As it was deployed, after SAM's translation."""
        client, action = self._client("cloudformation"), "cloudformation:GetTemplate"
        answer = _read(action, client.get_template, StackName=self.stack, TemplateStage="Processed")
        body = answer["TemplateBody"]
        if not isinstance(body, dict):
            raise NotReadError(f"{action}: the processed template is no JSON", "Deploy it with SAM.")
        return body

    @cached_property
    def functions(self) -> list[DeployedFunction]:
        """Each as it stands, and those with an alias as they are called by it, too."""
        client, action = self._client("lambda"), "lambda:GetFunctionConfiguration"
        logical = {self.names[each]: each for each in self.of_type("AWS::Lambda::Function")}

        def one(called: tuple[str, str]) -> DeployedFunction:
            name, alias = called
            qualifier = {"Qualifier": alias} if alias else {}
            found = _read(action, client.get_function_configuration, FunctionName=name, **qualifier)
            variables = found.get("Environment", {}).get("Variables", {})
            return DeployedFunction(
                logical[name],
                name,
                found["Timeout"],
                {name: str(value) for name, value in variables.items()},
                found["Role"].rpartition("/")[2],
                alias,
                found.get("SnapStart", {}),
            )

        # arn:aws:lambda:<region>:<account>:function:<name>:<alias>
        arns = [self.names[each].split(":") for each in self.of_type("AWS::Lambda::Alias")]
        aliases = [(arn[-2], arn[-1]) for arn in arns]
        return _each(one, [*((name, "") for name in logical), *aliases])

    def reserved_concurrency(self) -> dict[str, int | None]:
        """By the physical name of the function."""
        client, action = self._client("lambda"), "lambda:GetFunctionConcurrency"

        def one(name: str) -> int | None:
            answer = _read(action, client.get_function_concurrency, FunctionName=name)
            reserved: int | None = answer.get("ReservedConcurrentExecutions")
            return reserved

        names = [self.names[logical] for logical in self.of_type("AWS::Lambda::Function")]
        return dict(zip(names, _each(one, names), strict=True))

    def roles(self) -> list[Role]:
        client = self._client("iam")

        def one(logical: str) -> Role:
            role = {"RoleName": self.names[logical]}
            own = _read("iam:ListRolePolicies", client.list_role_policies, **role)
            inline = {
                name: _read("iam:GetRolePolicy", client.get_role_policy, PolicyName=name, **role)
                for name in own["PolicyNames"]
            }
            managed = _read("iam:ListAttachedRolePolicies", client.list_attached_role_policies, **role)
            return Role(
                logical,
                self.names[logical],
                {name: answer["PolicyDocument"] for name, answer in inline.items()},
                frozenset(each["PolicyArn"] for each in managed["AttachedPolicies"]),
            )

        return _each(one, self.of_type("AWS::IAM::Role"))

    def authorizers(self, api: str) -> list[Authorizer]:
        """Of a REST API or an HTTP API.

        Raises:
            GoneError: it is neither.
        """
        try:
            client = self._client("apigateway")
            answer = _read("apigateway:GET", client.get_authorizers, restApiId=api, limit=500)
        except GoneError:
            client = self._client("apigatewayv2")
            answer = _read("apigateway:GET", client.get_authorizers, ApiId=api, MaxResults="500")
            return [_of_http_api(each) for each in answer["Items"]]
        return [_of_rest_api(each) for each in answer["items"]]

    def _client(self, service: str) -> Any:
        return self.session.client(service, config=_CONFIG)


def _of_rest_api(found: Mapping[str, Any]) -> Authorizer:
    return Authorizer(
        REST,
        found["id"],
        found.get("authorizerUri", ""),
        int(found.get("authorizerResultTtlInSeconds", _DEFAULT_TTL_SECONDS)),
        tuple(each.strip() for each in found.get("identitySource", "").split(",") if each.strip()),
    )


def _of_http_api(found: Mapping[str, Any]) -> Authorizer:
    return Authorizer(
        HTTP,
        found["AuthorizerId"],
        found.get("AuthorizerUri", ""),
        int(found.get("AuthorizerResultTtlInSeconds", _DEFAULT_TTL_SECONDS)),
        tuple(found.get("IdentitySource", [])),
    )


def _each(read: Callable[[S], T], names: Iterable[S]) -> list[T]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(read, names))


def _read(action: str, call: Callable[..., Any], **parameters: Any) -> Any:
    """Call, and say in IAM's words what could not be called."""
    try:
        return call(**parameters)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _FORBIDDEN:
            raise NotReadError(
                f"these credentials may not {action}",
                f"Allow {action}: docs/operations.md lists all that doctor reads.",
            ) from error
        kind = GoneError if code in _GONE else NotReadError
        raise kind(f"{action}: {code}", "Give the command again.") from error
    except BotoCoreError as error:
        raise NotReadError(f"{action}: {error}", "Give the command again.") from error
