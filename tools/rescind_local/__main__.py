"""`python -m rescind_local`: reads the options, says in one line what went wrong, and ends all at Ctrl-C."""

import argparse
import asyncio
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from rescind_local.errors import StartError
from rescind_local.options import Options
from rescind_local.start import run

_HIGHEST_PORT = 65535


def main(arguments: Sequence[str] | None = None) -> int:
    try:
        asyncio.run(_run_until_signal(_options(arguments)))
    except StartError as error:
        print(f"rescind_local: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before there was anything to end
        return 0
    return 0


async def _run_until_signal(options: Options) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopping.set)
    await run(options, stopping)


def _options(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        prog="rescind_local", description="Serves a SAM template's REST API on this machine."
    )
    parser.add_argument("--template", type=Path, default=Path("infra/template.yaml"))
    parser.add_argument("--port", default=os.environ.get("PORT") or "3000", help="0 takes a free one")
    parser.add_argument(
        "--parameters",
        nargs="*",
        metavar="NAME=VALUE",
        default=shlex.split(os.environ.get("PARAMETERS", "")),
        help="values for the template's parameters, in place of their defaults",
    )
    parser.add_argument("--stack", default="local", help="the stack's name")
    parser.add_argument("--quiet", action="store_true", help="no line for each step and each request")
    given = parser.parse_args(arguments)
    return Options(
        template=given.template.resolve(),
        port=_port(given.port),
        parameters=tuple(given.parameters),
        stack=given.stack,
        endpoint=os.environ.get("AWS_ENDPOINT_URL") or None,
        quiet=given.quiet,
    )


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > _HIGHEST_PORT:
        raise StartError(f"port {text}: it is a number from 0 to {_HIGHEST_PORT}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
