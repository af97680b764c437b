"""What the tests with Docker have in common: an image, a store, SAM itself, and an end to all of it."""

import json
import secrets
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from tests.functions.conftest import recorded
from tests.journeys.gateways import PARAMETERS, Gateway, log_lines
from tests.sam_local import engine, mends
from tests.sam_local.sam import BUILT, Invocation, RunningApi, Sam
from tests.sam_local.stand_in import make_stand_in
from tests.sam_local.store import STACK, Store, running_store
from tests.what_was_built import LAMBDA_PYTHON

_REAL_IMAGE = f"public.ecr.aws/lambda/python:3.13-{engine.ARCHITECTURE}"

Say = Callable[[str], None]


@dataclass(frozen=True)
class SamLocal:
    sam: Sam
    store: Store
    keys: Invocation
    """The one that made the first keys; CloudFormation has it done at the first deployment."""
    api_port: int
    """Where `start-api` is to listen on this machine; no container reaches it there."""
    label: str
    """Of every image and container of this run."""
    say: Say


def what_is_missing() -> str:
    """Why these tests cannot be, and what to do about it; empty where nothing is missing."""
    return engine.what_is_missing() or _what_was_not_built()


@contextmanager
def sam_local_here(say: Say) -> Iterator[SamLocal]:
    # So that an end by a time limit is as orderly as Ctrl-C.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    run, folder = secrets.token_hex(4), Path(tempfile.mkdtemp(prefix="rescind-sam-local-"))
    label, port = f"rescind.test={run}", free_port()
    try:
        with running_store(
            engine.bridge_address(), api_url=f"http://127.0.0.1:{port}", parameters=PARAMETERS
        ) as store:
            began = time.monotonic()
            image, of = _image(run, {"AWS_ENDPOINT_URL": store.endpoint}, label, folder)
            say(f"An image of {of}, in {time.monotonic() - began:.1f} s")
            sam = Sam(image, store.environment, folder, _parameters(), _mended(folder))
            keys = sam.invoke("KeysFunction", recorded("keys"))
            yield SamLocal(sam, store, keys, port, label, say)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        engine.end_all(label)
        signal.signal(signal.SIGTERM, before)


@contextmanager
def api_of(here: SamLocal) -> Iterator[RunningApi]:
    began = time.monotonic()
    with replace(here.sam, template=_mended(here.sam.folder, mends.without_alias)).api(here.api_port) as api:
        here.say(f"`sam local start-api` serves after {time.monotonic() - began:.1f} s")
        yield api


def gateway_of(here: SamLocal, api: RunningApi) -> Gateway:
    """The API as one of those that the journeys ask."""
    return Gateway(
        name="sam_local",
        host=f"127.0.0.1:{here.api_port}",
        address=("127.0.0.1", here.api_port),
        stage="",
        endpoint=here.store.endpoint,
        stack=STACK,
        log=lambda: log_lines(api.output().splitlines()),
        renames=False,
        mend=mends.Answers(here.store.gateway_responses, api.output).mend,
    )


def _mended(folder: Path, *more: Callable[[dict[str, Any]], None]) -> Path:
    """The built template, so that SAM does on this machine what AWS does; and the further mends."""
    template: dict[str, Any] = yaml_parse(BUILT.read_text(encoding="utf-8"))
    mends.from_anywhere(template, BUILT.parent)
    mends.with_time_to_start(template)
    for mend in more:
        mend(template)
    mended = folder / f"template-{len(more)}.json"
    mended.write_text(json.dumps(template), encoding="utf-8")
    return mended


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _image(run: str, environment: Mapping[str, str], label: str, folder: Path) -> tuple[str, str]:
    """Its name, and of what it is: Lambda's own where that is here, or else the stand-in.

    In it is what SAM can give to no function: variables that its template does not name.
    """
    base = _REAL_IMAGE
    if not engine.has_image(base):
        base = f"rescind-stand-in:{run}"
        make_stand_in(base, python=LAMBDA_PYTHON, label=label, folder=folder)
    image = f"rescind-test:{run}"
    engine.image_upon(base, image, environment=environment, label=label)
    return image, "Lambda's own" if base == _REAL_IMAGE else "this machine's Python"


def _what_was_not_built() -> str:
    if not BUILT.exists():
        return "There is nothing in .aws-sam/build: `make docker` builds it first."
    libraries = BUILT.parent.glob("Layer/python/_cffi_backend.*.so")
    if not any(engine.MACHINE in each.name for each in libraries):
        return (
            f"The layer in .aws-sam/build is not for this machine, which is {engine.ARCHITECTURE}. "
            f"For one that is: sam build --parameter-overrides Architecture={engine.ARCHITECTURE}"
        )
    return ""


def _parameters() -> dict[str, str]:
    """Those of SAM; the functions' settings are in the store's environment."""
    return {} if engine.ARCHITECTURE == "x86_64" else {"Architecture": engine.ARCHITECTURE}
