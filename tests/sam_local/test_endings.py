"""Whatever ends it, nothing is left: no container, no image of ours, no process of SAM's."""

import os
import signal
from dataclasses import replace

import httpx
import pytest

from tests.sam_local import engine
from tests.sam_local.running import SamLocal, free_port
from tests.sam_local.sam import RunningApi

pytestmark = pytest.mark.docker


def make_a_container(api: RunningApi) -> None:
    answer = httpx.options(f"{api.base_url}/auth/login", timeout=60)
    assert answer.status_code == 204


def test_an_api_that_is_interrupted_ends_its_containers(sam_local: SamLocal) -> None:
    before = engine.containers(sam_local.label)

    with sam_local.sam.api(free_port()) as api:
        make_a_container(api)
        assert len(engine.containers(sam_local.label)) == len(before) + 1

    assert api.process.poll() is not None
    assert sorted(engine.containers(sam_local.label)) == sorted(before)


def test_what_a_killed_api_leaves_is_found_by_the_label_and_ended(sam_local: SamLocal) -> None:
    label, image = f"{sam_local.label}-killed", f"{sam_local.sam.image}-killed"
    engine.image_upon(sam_local.sam.image, image, environment={}, label=label)
    with replace(sam_local.sam, image=image).api(free_port()) as api:
        make_a_container(api)
        os.kill(api.process.pid, signal.SIGKILL)
    assert len(engine.containers(label)) == 1

    engine.end_all(label)

    assert engine.containers(label) == []
    assert not engine.has_image(image)
