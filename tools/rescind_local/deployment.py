"""Brings the template up: tables and keys, functions, custom resources, and accounts to try it with."""

import asyncio
import ipaddress
import os
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from rescind_local.account import REGION
from rescind_local.custom_resources import create_custom_resources, custom_resources, given_properties
from rescind_local.deploy.emulator import Emulator
from rescind_local.deploy.stack import create_stack
from rescind_local.deploy.template import read_template
from rescind_local.gateway.api import Api
from rescind_local.gateway.app import Gateway
from rescind_local.invoke_api import InvokeApi
from rescind_local.lambdas.functions import Functions
from rescind_local.lambdas.sandboxes import ForkServer
from rescind_local.options import Options
from rescind_local.seed import can_seed, seed, what_to_try


async def deploy(
    options: Options, emulator: Emulator | None, server: ForkServer, url: str
) -> tuple[ASGIApp, str]:
    """The gateway, ready to serve at `url`, and what to tell its user; raises `StartError`."""
    say: Callable[[str], None] = _nothing if options.quiet else _say
    _forget_own_aws()
    template = await asyncio.to_thread(read_template, options.template, options.parameters)
    # By its number: a sandbox is not to try ::1 first where the machine has no IPv6.
    template = template.served_at(f"http://127.0.0.1:{urlsplit(url).port}")
    api = Api(template.document, template.functions)
    if emulator:
        await asyncio.to_thread(emulator.wait)
    endpoint = emulator.endpoint if emulator else str(options.endpoint)

    wanted = [function.environment for function in template.functions.values()]
    wanted += [given_properties(resource) for resource in custom_resources(template).values()]
    stack = await asyncio.to_thread(create_stack, options.stack, template, wanted, endpoint)
    say(f"Tables: {stack.tables}, keys: {stack.keys}, at {endpoint}{' (ministack)' if emulator else ''}")

    functions = Functions(template.functions, stack, endpoint, server)
    functions.quiet = True  # A start has its own lines.
    await create_custom_resources(template, stack, functions)
    gateway = Gateway(api, template.stage, functions.invoke, say)
    say(f"Functions: {len(template.functions)}, routes: {len(api.routes)}")

    lines = [
        "All of it is in memory, and gone at Ctrl-C." if emulator else f"What it keeps is at {endpoint}."
    ]
    if can_seed(gateway) and is_loopback(endpoint):
        await seed(gateway, template.stage)
        lines.insert(0, what_to_try(url))
    elif can_seed(gateway):
        lines.insert(0, f"No accounts were made, as {endpoint} is not on this machine.")
    functions.quiet = False
    if options.parameters:
        lines.append(f"With {', '.join(options.parameters)}.")
    return InvokeApi(gateway, template.functions, functions.invoke), "\n".join(lines)


def _forget_own_aws() -> None:
    """Whatever AWS you use otherwise, nothing here is to reach it, or to read its profile."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_DEFAULT_REGION"] = REGION  # the translator wants one
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


def is_loopback(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _say(line: str) -> None:
    print(line, flush=True)


def _nothing(_: str) -> None:
    """What `--quiet` says."""
