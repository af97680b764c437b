"""What runs in the ministack process: its application, on the socket that the gateway made for it.

It ends when the pipe from the gateway does, so not even a killed gateway leaves it behind.
"""

import asyncio
import importlib
import os
import shutil
import sys
import threading

from hypercorn.asyncio import serve
from hypercorn.config import Config


def main() -> None:
    threading.Thread(target=_end_with_the_gateway, daemon=True).start()
    application = importlib.import_module("ministack.app").app  # It is published without types.
    # Functions that are deployed here would inherit them: our modules would come before those of their layer,
    # and only errors would be logged.
    for name in ("PYTHONPATH", "LOG_LEVEL"):
        os.environ.pop(name, None)
    config = Config()
    config.bind = [f"fd://{os.environ['LISTENER']}"]
    config.loglevel = "ERROR"
    asyncio.run(serve(application, config))


def _end_with_the_gateway() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os._exit(0)  # Everything it holds is in memory, so there is nothing to save.
