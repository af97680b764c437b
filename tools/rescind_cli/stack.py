"""A stack, deployed or local: where its functions are, and how they are asked."""

import getpass
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from rescind_cli.aws_errors import in_our_words, no_stack_of_ours
from rescind_cli.errors import AGAIN, CommandError, Exit, RefusedError

# The local gateway takes any credentials, and must not be given an operator's real ones.
_LOCAL = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}
_LOCAL_ACCOUNT = "000000000000"
DEVELOPMENT = "development"
# What a function may take (10 s), a cold start, and the way there.
_READ_SECONDS = 30
_AT_ONCE = 32
_WAITS_SECONDS = (1.0, 2.0, 3.0)
_MAY_PASS = {503}
_ARN = re.compile(r"arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:[A-Za-z0-9_+=,.@/-]{1,200}")


@dataclass(frozen=True)
class Stack:
    """Where a stack's functions are. `session` has the AWS credentials for what else is looked up."""

    name: str
    api_url: str
    admin_function: str
    keys_function: str
    canary_function: str
    operator: str
    """An ARN, for the audit log."""
    lambda_client: Any
    session: boto3.Session
    is_local: bool
    deployed_as: str
    """As CloudFormation knows it; empty for the local one."""
    environment: str
    """The template's parameter: in `development` tables are not meant to last."""

    def ask(
        self, operation: str, *, repeat: bool = True, cure: str = AGAIN, **parameters: Any
    ) -> dict[str, Any]:
        """What the admin function answers.

        Args:
            operation: its name, as in `docs/openapi.yaml` and `docs/operations.md`.
            repeat: ask again when the answer is that none can be given; not for what must not happen twice.
            cure: what to do when it is not certain whether it was done.
            parameters: members of the contract. None stands for a member that is absent.

        Raises:
            RefusedError: it has answered no.
            CommandError: it could not be asked, or could not answer.
        """
        given = {name: value for name, value in parameters.items() if value is not None}
        event = {"operation": operation, "operator": self.operator, "parameters": given}
        try:
            status, body = self._answer(event)
            for wait in _WAITS_SECONDS if repeat else ():
                if status not in _MAY_PASS:
                    break
                time.sleep(wait)
                status, body = self._answer(event)
        except CommandError as error:
            if error.code is Exit.UNAVAILABLE:
                raise CommandError(error.message, error.code, cure) from error
            raise
        if status < 400:  # noqa: PLR2004 - HTTP's own
            return body
        said = body["error_description"]
        if status < 500:  # noqa: PLR2004 - likewise
            raise RefusedError(said, status=status, error=body["error"])
        raise CommandError(f"{self.name} answers {status}: {said}", Exit.UNAVAILABLE, cure)

    def _answer(self, event: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        answer = self.invoke(self.admin_function, event)
        return int(answer["statusCode"]), dict(json.loads(answer["body"]))

    def change_keys(self, **event: str) -> dict[str, Any]:
        """What the keys function answers: nobody else may change keys.

        Raises:
            RefusedError: it has answered no.
            CommandError: it could not be called, or it raised.
        """
        return self.invoke(self.keys_function, {**event, "operator": self.operator})

    def patient(self, read_seconds: int) -> "Stack":
        """The same stack, whose functions are given that long to answer."""
        endpoint = self.lambda_client.meta.endpoint_url
        config = _config(read_seconds, is_local=self.is_local)
        return replace(
            self, lambda_client=self.session.client("lambda", endpoint_url=endpoint, config=config)
        )

    def invoke(self, function: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """What a function returns.

        Raises:
            CommandError: it could not be called, or it raised.
        """
        try:
            answer = self.lambda_client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
            payload = json.loads(answer["Payload"].read())
        except (BotoCoreError, ClientError) as error:
            raise in_our_words(error, self.name, is_local=self.is_local) from error
        except ValueError as error:
            raise no_stack_of_ours(self.name) from error
        if "FunctionError" in answer:
            said = payload.get("errorMessage", "no message")
            if payload.get("errorType") == "InvalidRequestError":
                raise RefusedError(said, status=400, error="invalid_request")
            raise CommandError(f"{function} failed: {said}. Its log says more.", Exit.UNAVAILABLE, AGAIN)
        return dict(payload)


def local_stack(port: int) -> Stack:
    """The stack of `make run` on this machine. No AWS credentials are used."""
    # Not told of profiles: there is none for this stack, and one that is missing would be in the way.
    bare = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    session = boto3.Session(botocore_session=bare, **_LOCAL)
    url = f"http://127.0.0.1:{port}"
    user = re.sub(r"[^A-Za-z0-9_+=,.@-]", "_", getpass.getuser())
    return Stack(
        name="the local stack",
        api_url=url,
        admin_function="AdminFunction",
        keys_function="KeysFunction",
        canary_function="CanaryFunction",
        operator=f"arn:aws:iam::{_LOCAL_ACCOUNT}:user/{user}",
        lambda_client=session.client("lambda", endpoint_url=url, config=_config(is_local=True)),
        session=session,
        is_local=True,
        deployed_as="",
        environment=DEVELOPMENT,
    )


def deployed_stack(name: str, *, region: str | None, profile: str | None) -> Stack:
    """A stack by its name, as CloudFormation knows it.

    Raises:
        CommandError: there is none of that name there, or these credentials may not look.
    """
    try:
        session = boto3.Session(region_name=region, profile_name=profile)
        found = session.client("cloudformation", config=_config()).describe_stacks(StackName=name)
        [described] = found["Stacks"]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}
        given = {each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", [])}
        return Stack(
            name=f"stack {name}",
            api_url=outputs["ApiUrl"],
            admin_function=outputs["AdminFunctionName"],
            keys_function=outputs["KeysFunctionName"],
            canary_function=outputs["CanaryFunctionName"],
            operator=_named(session.client("sts", config=_config()).get_caller_identity()["Arn"]),
            lambda_client=session.client("lambda", config=_config()),
            session=session,
            is_local=False,
            deployed_as=name,
            environment=given.get("Environment", "production"),
        )
    except (BotoCoreError, ClientError) as error:
        raise in_our_words(error, f"stack {name}") from error
    except KeyError as error:
        raise CommandError(
            f"stack {name} has no output {error}: it is none of Rescind, or an older one. Deploy it anew.",
            Exit.NO_ACCESS,
        ) from error


def _config(read_seconds: int = _READ_SECONDS, *, is_local: bool = False) -> Config:
    # A call that was made must not be made again behind our back: what may be repeated, `ask` repeats.
    return Config(
        connect_timeout=5,
        read_timeout=read_seconds,
        tcp_keepalive=True,  # Or a long wait is cut off on the way.
        retries={"total_max_attempts": 1},
        max_pool_connections=_AT_ONCE,
        # What is for this machine is for no proxy to see.
        proxies={} if is_local else None,
    )


def _named(arn: str) -> str:
    """Who is in the log; without a name where the service would not take it, as of a user with a path."""
    return arn if _ARN.fullmatch(arn) else "operator"
