"""Docker, an image, a store and SAM, made once for all tests that are marked `docker`; and an end to them."""

import json
import os
import secrets
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.functions.conftest import recorded
from tests.journeys.gateways import PARAMETERS, Gateway
from tests.sam_local import engine
from tests.sam_local.mends import Answers, without_alias
from tests.sam_local.sam import BUILT, ROOT, RunningApi, Sam
from tests.sam_local.stand_in import make_stand_in
from tests.sam_local.store import STACK, Store, running_store

_REAL_IMAGE = f"public.ecr.aws/lambda/python:3.13-{engine.ARCHITECTURE}"
_LAMBDA_PYTHON = ROOT / ".venv-lambda" / "bin" / "python"


@dataclass(frozen=True)
class SamLocal:
    sam: Sam
    store: Store
    host: str
    """An address of this machine that containers reach, and no other machine does."""
    api_port: int
    """Where `start-api` is to listen, as the canary was told."""
    label: str
    """Of every image and container of this run."""


@pytest.fixture(scope="session")
def sam_local() -> Iterator[SamLocal]:
    if missing := engine.what_is_missing() or _what_was_not_built():
        # CI gets its engine from .ci/docker: there nothing may be left out.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    # So that an end by a time limit is as orderly as Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run, folder = secrets.token_hex(4), Path(tempfile.mkdtemp(prefix="rescind-sam-local-"))
    host, label = engine.bridge_address(), f"rescind.test={run}"
    port = _free_port(host)
    try:
        # The canary asks no address but https, or its own machine's; so it is given the API for its proxy.
        with running_store(host, api_url=f"http://127.0.0.1:{port}", parameters=PARAMETERS) as store:
            way_out = {
                "AWS_ENDPOINT_URL": store.endpoint,
                "http_proxy": f"http://{host}:{port}",
                "no_proxy": host,
            }
            image = _image(run, way_out, label, folder)
            yield SamLocal(Sam(image, store.environment, folder, _parameters()), store, host, port, label)
    finally:
        engine.end_all(label)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sam_local_api(sam_local: SamLocal) -> Iterator[RunningApi]:
    """With what SAM leaves out of the template."""
    sam = replace(sam_local.sam, template=mended_template(sam_local.sam.folder))
    with sam.api(sam_local.host, sam_local.api_port) as api:
        yield api


@pytest.fixture(scope="session")
def sam_local_gateway(sam_local: SamLocal, sam_local_api: RunningApi) -> Gateway:
    """The API as one of those that the journeys ask."""
    sam_local.sam.invoke("KeysFunction", recorded("keys"))  # The first keys, as CloudFormation makes them.
    return Gateway(
        name="sam_local",
        host=f"{sam_local.host}:{sam_local.api_port}",
        address=(sam_local.host, sam_local.api_port),
        stage="",
        endpoint=sam_local.store.endpoint,
        stack=STACK,
        denied=lambda: _reasons(sam_local_api.output()),
        mend=Answers(sam_local.store.gateway_responses, sam_local_api.output).mend,
    )


def mended_template(folder: Path) -> Path:
    template = yaml_parse(BUILT.read_text(encoding="utf-8"))
    without_alias(template)
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for name in properties.keys() & {"CodeUri", "ContentUri"}:
            properties[name] = str(BUILT.parent / properties[name])
    mended = folder / "template.json"
    mended.write_text(json.dumps(template), encoding="utf-8")
    return mended


def _reasons(output: str) -> list[str]:
    """Of all that the authorizer has refused, in their order."""
    lines = [json.loads(line) for line in output.splitlines() if line.startswith('{"level"')]
    return [line["reason"] for line in lines if line["message"] == "AccessDenied"]


def _image(run: str, environment: Mapping[str, str], label: str, folder: Path) -> str:
    """Lambda's own where it is here already, or else the stand-in; and in it what SAM cannot give a function."""
    base = _REAL_IMAGE
    if not engine.has_image(base):
        base = f"rescind-stand-in:{run}"
        make_stand_in(base, python=_LAMBDA_PYTHON, label=label, folder=folder)
    image = f"rescind-test:{run}"
    engine.image_upon(base, image, environment=environment, label=label)
    return image


def _what_was_not_built() -> str:
    if not BUILT.exists():
        return "There is nothing in .aws-sam/build: `make docker` builds it first."
    libraries = list(BUILT.parent.glob("Layer/python/_cffi_backend.*.so"))
    if not any({"arm64": "aarch64"}.get(engine.ARCHITECTURE, engine.ARCHITECTURE) in each.name for each in libraries):
        return (
            f"The layer in .aws-sam/build is not for this machine, which is {engine.ARCHITECTURE}: "
            f"sam build --parameter-overrides Architecture={engine.ARCHITECTURE}"
        )
    return ""


def _parameters() -> dict[str, str]:
    """Of SAM; those of the functions are in the store's environment."""
    return {} if engine.ARCHITECTURE == "x86_64" else {"Architecture": engine.ARCHITECTURE}


def _free_port(host: str) -> int:
    with socket.socket() as found:
        found.bind((host, 0))
        port: int = found.getsockname()[1]
        return port
