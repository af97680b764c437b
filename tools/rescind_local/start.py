"""Starts everything in its order, serves, and ends it all again, however far it came."""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import uvicorn
from starlette.types import ASGIApp

from rescind_local.deploy.emulator import running_emulator
from rescind_local.lambdas.sandboxes import ForkServer
from rescind_local.listening import bound_sockets, listen
from rescind_local.options import Options


async def run(options: Options, stopping: asyncio.Event) -> None:
    """Serves until `stopping` is set, and leaves nothing behind; raises `StartError`."""
    with ExitStack() as to_end:
        sockets = bound_sockets(options.port)
        for each in sockets:
            to_end.enter_context(each)
        start = asyncio.create_task(_start(options, sockets[0].getsockname()[1], to_end))
        stop = asyncio.create_task(stopping.wait())
        await asyncio.wait({start, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not start.done():
            start.cancel()
            await asyncio.gather(start, return_exceptions=True)
            return
        gateway, greeting = start.result()
        listen(sockets)
        print(greeting, flush=True)
        await _serve(gateway, sockets, stop)


async def _start(options: Options, port: int, to_end: ExitStack) -> tuple[ASGIApp, str]:
    started = time.monotonic()
    emulator = None if options.endpoint else to_end.enter_context(running_emulator())
    server = ForkServer()
    to_end.callback(server.close)

    # Slow to import; the two processes above get on with their own imports meanwhile.
    from rescind_local.deployment import deploy  # noqa: PLC0415

    url = f"http://localhost:{port}"
    gateway, about = await deploy(options, emulator, server, url)
    seconds = time.monotonic() - started
    return gateway, f"{about}\n\nServing on {url} and http://127.0.0.1:{port} after {seconds:.1f} s."


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves them to `__main__`, which has more to end than this server."""
        yield


async def _serve(gateway: ASGIApp, sockets: list[socket.socket], stop: asyncio.Task[bool]) -> None:
    config = uvicorn.Config(
        gateway,
        http="h11",
        ws="none",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
        # API Gateway takes 10,240 bytes of headers; what is larger is for it to refuse.
        h11_max_incomplete_event_size=64 * 1024,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets))
    await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    # A request that is cut off now is no error, and its traceback no farewell.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    await serving
