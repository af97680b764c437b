"""Gives each function its environment and its sandboxes, and calls it by name."""

import os
import sys
from collections.abc import Mapping
from typing import Any

from rescind_local.account import ACCOUNT, REGION
from rescind_local.deploy.stack import Stack
from rescind_local.deploy.template import Function
from rescind_local.errors import FunctionFailedError
from rescind_local.lambdas.sandboxes import ForkServer, Pool
from rescind_local.lambdas.sources import Sources

_PASSED_ON = ("PATH", "POWERTOOLS_METRICS_DISABLED")


class Functions:
    """The template's functions, ready to be called."""

    def __init__(
        self, functions: Mapping[str, Function], stack: Stack, endpoint: str, server: ForkServer
    ) -> None:
        self.quiet = False  # while set, what functions print on stdout is dropped
        self._pools = {
            name: Pool(_spec(function, stack, endpoint), Sources(function.folders), server.fork)
            for name, function in functions.items()
        }

    async def invoke(self, name: str, event: Any) -> Any:
        """The function's answer; a failure is raised as `FunctionFailedError`, and told on stderr."""
        try:
            return await self._pools[name].invoke(event, quiet=self.quiet)
        except FunctionFailedError as error:
            # An authorizer says "no" by raising exactly this: no accident, so no traceback.
            if error.message != "Unauthorized":
                sys.stderr.write(f"{name} failed: {error.trace or error.message}")
                sys.stderr.flush()
            raise


def _spec(function: Function, stack: Stack, endpoint: str) -> dict[str, Any]:
    name = f"{stack.name}-{function.name}"
    return {
        "folders": [str(folder) for folder in function.folders],
        "handler": function.handler,
        "timeout_seconds": function.timeout_seconds,
        "arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
        "environment": {
            # Metrics are log lines, too; here they would only hide the others.
            "POWERTOOLS_METRICS_DISABLED": "true",
            **{variable: os.environ[variable] for variable in _PASSED_ON if variable in os.environ},
            "TZ": "UTC",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            # Lambda has no such files, so yours are not read either.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "_HANDLER": function.handler,
            **{variable: _text(value) for variable, value in stack.resolved(function.environment).items()},
        },
    }


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
